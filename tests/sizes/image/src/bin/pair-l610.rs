#![no_std]
#![no_main]
//! BG96 and L610 in one image: what the second modem costs.

image::firmware!(bg96 Client Memory, l610 Client Memory);
