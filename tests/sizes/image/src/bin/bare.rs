#![no_std]
#![no_main]
//! Nothing but the board: what every image holds.

use image as _;

#[unsafe(no_mangle)]
fn run() {
    image::result(image::unknown());
}
