#![no_std]
//! The board under all the images: start-up, a UART and a clock that are a few registers, and a panic that stops.
//!
//! Reads and writes are volatile, so that nothing that goes through them can be computed beforehand. The image is never
//! run; what counts is that an image for a real board would hold the same code.

use coap_modem::client::{Blocking, Network, Remote, Request};
use coap_modem::front::{Clock, Timer};
use coap_modem::time::Instant;
use coap_modem::vendors::bg96::Memory;
use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::ptr::{read_volatile, write_volatile};
use core::task::Poll;
use embedded_io::{ErrorType, Read, ReadReady, Write};

const UART_STATUS: *const u32 = 0x4000_0000 as *const u32;
const UART_DATA: *mut u8 = 0x4000_0004 as *mut u8;
const MILLISECONDS: *const u32 = 0x4000_1000 as *const u32;
const RANDOM: *const u32 = 0x4000_2000 as *const u32;
const RESULT: *mut u32 = 0x4000_3000 as *mut u32;

/// A register's value, of which the compiler knows nothing.
pub fn unknown() -> u32 {
    // SAFETY: a register of the board.
    unsafe { read_volatile(RANDOM) }
}

/// Where the images leave what they got.
pub fn result(value: u32) {
    // SAFETY: a register of the board.
    unsafe { write_volatile(RESULT, value) }
}

fn readable() -> bool {
    // SAFETY: a register of the board.
    unsafe { read_volatile(UART_STATUS) & 1 != 0 }
}

fn writable() -> bool {
    // SAFETY: a register of the board.
    unsafe { read_volatile(UART_STATUS) & 2 != 0 }
}

fn now() -> Instant {
    // SAFETY: a register of the board.
    Instant::from_millis(unsafe { read_volatile(MILLISECONDS) })
}

fn take() -> u8 {
    // SAFETY: a register of the board.
    unsafe { read_volatile(UART_DATA) }
}

fn give(byte: u8) {
    // SAFETY: a register of the board.
    unsafe { write_volatile(UART_DATA, byte) }
}

/// The serial port: one byte in, one byte out.
pub struct Uart;

impl ErrorType for Uart {
    type Error = Infallible;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(readable())
    }
}

impl Read for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        while !readable() {}
        Ok(fill(buffer))
    }
}

impl Write for Uart {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Infallible> {
        while !writable() {}
        Ok(send(buffer))
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

fn fill(buffer: &mut [u8]) -> usize {
    let mut count = 0;
    for slot in buffer {
        if !readable() {
            break;
        }
        *slot = take();
        count += 1;
    }
    count
}

fn send(buffer: &[u8]) -> usize {
    match buffer.first() {
        Some(byte) => {
            give(*byte);
            1
        }
        None => 0,
    }
}

/// One half of the serial port, awaited.
pub struct Half;

impl ErrorType for Half {
    type Error = Infallible;
}

impl embedded_io_async::Read for Half {
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, Infallible>> {
        poll_fn(move |_| {
            if readable() {
                Poll::Ready(Ok(fill(buffer)))
            } else {
                Poll::Pending
            }
        })
    }
}

impl embedded_io_async::Write for Half {
    fn write(&mut self, buffer: &[u8]) -> impl Future<Output = Result<usize, Infallible>> {
        poll_fn(move |_| {
            if writable() {
                Poll::Ready(Ok(send(buffer)))
            } else {
                Poll::Pending
            }
        })
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The millisecond counter, for all three fronts.
pub struct Counter;

impl Clock for Counter {
    fn now(&mut self) -> Instant {
        now()
    }
}

impl Timer for Counter {
    fn now(&mut self) -> Instant {
        now()
    }

    fn until(&mut self, at: Instant) -> impl Future<Output = ()> {
        poll_fn(move |_| {
            if now().reached(at) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }
}

/// The client's memory, once.
pub fn memory() -> &'static mut Memory {
    static mut MEMORY: Memory = Memory::new();
    // SAFETY: each image calls this once.
    unsafe { &mut *(&raw mut MEMORY) }
}

/// The memory of a client over an L610, once.
pub fn datagram_memory() -> &'static mut coap_modem::vendors::l610::Memory {
    static mut MEMORY: coap_modem::vendors::l610::Memory = coap_modem::vendors::l610::Memory::new();
    // SAFETY: each image calls this once.
    unsafe { &mut *(&raw mut MEMORY) }
}

/// The buffer for responses, once.
pub fn buffer() -> &'static mut [u8; 256] {
    static mut BUFFER: [u8; 256] = [0; 256];
    // SAFETY: each image calls this once.
    unsafe { &mut *(&raw mut BUFFER) }
}

/// The server that all images ask.
pub const SERVER: Remote<'_> = Remote::new("coap.example.com", 5683);

/// The network of the image that attaches.
pub const NETWORK: Network<'_> = Network::new("iot.example.com");

/// The request that all images send.
pub const PUT: Request<'_> =
    Request::put("/sensors/temperature?unit=cel", b"21.5").content_format(0);

/// The further request of the image that attaches.
pub const GET: Request<'_> = Request::get("/config");

/// A body, of which the compiler knows nothing.
pub fn body() -> &'static mut [u8] {
    static mut BODY: [u8; 64] = [0; 64];
    // SAFETY: each image calls this once, and takes no more than there is.
    unsafe { (&mut *(&raw mut BODY)).get_mut(..unknown() as usize & 63) }.unwrap_or_default()
}

/// Attach, connect, GET and PUT over one of some modems; which one is there is known only when the image runs.
#[macro_export]
macro_rules! firmware {
    ($($vendor:ident $client:ident $memory:ident),*) => {
        use coap_modem::vendors;
        $crate::firmware!(in vendors: $($vendor $client $memory),*);
    };
    (in $vendors:ident: $($vendor:ident $client:ident $memory:ident),*) => {
        #[unsafe(no_mangle)]
        fn run() {
            use coap_modem::front::Polled;
            let which = $crate::unknown();
            let mut number = 0;
            $(
                if which == number {
                    static mut MEMORY: $vendors::$vendor::$memory = $vendors::$vendor::$memory::new();
                    // SAFETY: this runs once.
                    let memory = unsafe { &mut *(&raw mut MEMORY) };
                    let front = Polled::new($crate::Uart, $crate::Counter);
                    $crate::drive(&mut $vendors::$vendor::$client::new(memory, front, $crate::unknown));
                }
                number += 1;
            )*
            $crate::result(number);
        }
    };
}

/// What a firmware does with a client.
pub fn drive<C: Blocking>(client: &mut C) {
    if client.attach(&NETWORK).is_err() || client.connect(&SERVER).is_err() {
        return;
    }
    let buffer = buffer();
    for request in [&GET, &PUT] {
        if let Ok(response) = client.request(request, buffer) {
            result(response.code().as_byte().into());
            result(response.payload().len() as u32);
        }
    }
}

unsafe extern "Rust" {
    safe fn run();
}

unsafe extern "C" {
    static stack_top: u32;
    static mut data_start: u32;
    static mut data_end: u32;
    static data_load: u32;
    static mut bss_start: u32;
    static mut bss_end: u32;
}

/// An entry of the vector table.
#[derive(Clone, Copy)]
#[repr(C)]
pub union Vector {
    stack: *const u32,
    handler: extern "C" fn() -> !,
    none: usize,
}

// SAFETY: constant addresses.
unsafe impl Sync for Vector {}

/// The vector table: stack, reset, and 14 exceptions.
#[unsafe(link_section = ".vectors")]
#[used]
pub static VECTORS: [Vector; 16] = {
    let mut vectors = [Vector { none: 0 }; 16];
    vectors[0] = Vector {
        stack: &raw const stack_top,
    };
    vectors[1] = Vector { handler: reset };
    vectors[3] = Vector { handler: stop };
    vectors
};

/// Fills the RAM and runs the image.
#[unsafe(no_mangle)]
pub extern "C" fn reset() -> ! {
    // SAFETY: the linker script's symbols; volatile, so that no library routine takes the loops' places.
    unsafe {
        let mut to = &raw mut bss_start;
        while to < &raw mut bss_end {
            to.write_volatile(0);
            to = to.add(1);
        }
        let mut to = &raw mut data_start;
        let mut from = &raw const data_load;
        while to < &raw mut data_end {
            to.write_volatile(from.read_volatile());
            to = to.add(1);
            from = from.add(1);
        }
    }
    run();
    stop()
}

/// The end.
#[inline(never)]
pub extern "C" fn stop() -> ! {
    loop {
        // Volatile, so that the loop is one.
        result(0);
    }
}

#[cfg(target_os = "none")]
#[panic_handler]
#[inline(never)]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The volatile write keeps the handler, and with it the calls to it, in the image.
    result(u32::MAX);
    loop {}
}
