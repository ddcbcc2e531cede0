#![no_std]
#![no_main]
//! SARA-R5: attach, connect, GET and PUT, blocking.

image::firmware!(sara_r5 Client Memory);
