#![no_std]
#![no_main]
//! SARA-R5, sockets: attach, connect, GET and PUT, blocking.

image::firmware!(sara_r5 SocketsClient SocketsMemory);
