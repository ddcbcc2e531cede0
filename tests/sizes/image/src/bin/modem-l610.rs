#![no_std]
#![no_main]
//! L610: attach, connect, GET and PUT, blocking.

image::firmware!(l610 Client Memory);
