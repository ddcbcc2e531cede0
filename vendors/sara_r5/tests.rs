//! Both links against their simulated module and their transcripts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may say what they mean"
)]

/// A bench of one link: the dialect with its memory, the names of its dialogs, and which transcripts are its own.
macro_rules! bench {
    ($link:ident: $dialect:ty, $memory:ty, $dialogs:literal, $plays:expr) => {
        mod $link {
            use crate::front::Front;
            use crate::modem::Client;
            use crate::sim::TestNetwork;
            use crate::sim::conformance::{Bench, conformance, random};
            use crate::vendors::sara_r5::sim::SimSaraR5;

            pub(super) struct Desk;

            impl Bench for Desk {
                type Dialect = $dialect;
                type Modem = SimSaraR5<TestNetwork>;
                type Memory = $memory;

                const FOLDER: &'static str = "sara_r5";
                const BOOTS_SILENTLY: bool = true;
                const DIALOGS: &'static str = $dialogs;
                const STONES: &'static [&'static [u8]] = &[
                    b"\r\n+UCOAPCD: 2,0,\"4F4B\",0\r\n\r\n+UCOAPCR: 3,1\r\n",
                    b"\"\r\n+UUSORD: 0,4\r\n@",
                ];
                const BUFFERS: [usize; 3] =
                    [<$dialect>::LINE, <$dialect>::COMMAND, <$dialect>::INBOX];

                fn client<F: Front>(
                    memory: &mut Self::Memory,
                    front: F,
                ) -> Client<'_, Self::Dialect, F> {
                    Client::new(memory, front, random)
                }

                fn plays(name: &str) -> bool {
                    let plays: fn(&str) -> bool = $plays;
                    plays(name)
                }
            }

            conformance!(Desk);
        }
    };
}

bench!(native: crate::vendors::sara_r5::SaraR5, crate::vendors::sara_r5::Memory, "sim", |name| {
    !name.starts_with("sockets-") && !name.starts_with("binary-")
});
bench!(sockets: crate::vendors::sara_r5::SaraR5Sockets, crate::vendors::sara_r5::SocketsMemory, "sockets-sim", |name| {
    name.starts_with("sockets-")
});
bench!(binary: crate::vendors::sara_r5::SaraR5Sockets<true>, crate::vendors::sara_r5::BinarySocketsMemory, "binary-sim", |name| {
    name.starts_with("binary-")
});

mod blocks;
mod bring_up;
mod desk;
mod economy;
mod exchange;
mod quirks;
mod refuses;
mod socket;
mod surprises;
