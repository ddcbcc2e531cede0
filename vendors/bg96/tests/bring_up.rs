//! From power-on noise to an active context, and every way in which that can fail.

use super::desk::*;
use crate::sim::{Line, TestNetwork, TimeSource};
use crate::vendors::bg96::sim::{Quirks, SimBg96};

#[test]
fn boot_lines_may_come_in_any_order_and_selection() {
    let all = Quirks::default().boot;
    let mut orders = 0;
    for first in 0..all.len() {
        for left_out in 0..=all.len() {
            let mut boot = all.clone();
            boot.rotate_left(first);
            boot.swap(1, 3);
            if left_out < boot.len() {
                boot.remove(left_out);
            }
            let mut module = SimBg96::off(TestNetwork::default());
            module.quirks.boot = boot;
            module.power_on();
            let line = Line::new(module, TimeSource::Virtual);
            with(&line, |host| {
                up(host);
                hello(host);
            });
            polite(&line);
            orders += 1;
        }
    }
    println!("{orders} boots");
}
