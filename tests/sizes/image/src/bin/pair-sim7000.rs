#![no_std]
#![no_main]
//! BG96 and SIM7000 in one image: what the second modem costs.

image::firmware!(bg96 Client Memory, sim7000 Client Memory);
