#![no_std]
#![no_main]
//! BG96: attach, connect, GET and PUT, blocking.

image::firmware!(bg96 Client Memory);
