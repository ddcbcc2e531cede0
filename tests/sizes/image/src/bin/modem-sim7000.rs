#![no_std]
#![no_main]
//! SIM7000: attach, connect, GET and PUT, blocking.

image::firmware!(sim7000 Client Memory);
