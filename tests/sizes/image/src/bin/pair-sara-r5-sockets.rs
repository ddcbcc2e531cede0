#![no_std]
#![no_main]
//! BG96 and SARA-R5, sockets in one image: what the second modem costs.

image::firmware!(bg96 Client Memory, sara_r5 SocketsClient SocketsMemory);
