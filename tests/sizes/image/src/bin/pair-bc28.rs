#![no_std]
#![no_main]
//! BG96 and BC28 in one image: what the second modem costs.

image::firmware!(bg96 Client Memory, bc28 Client Memory);
