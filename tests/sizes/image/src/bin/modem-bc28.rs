#![no_std]
#![no_main]
//! BC28: attach, connect, GET and PUT, blocking.

image::firmware!(bc28 Client Memory);
