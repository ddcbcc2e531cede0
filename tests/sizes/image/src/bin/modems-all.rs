#![no_std]
#![no_main]
//! All modems in one image.

image::firmware!(
    bg96 Client Memory,
    bc28 Client Memory,
    sim7000 Client Memory,
    l610 Client Memory,
    sara_r5 Client Memory,
    sara_r5 SocketsClient SocketsMemory
);
