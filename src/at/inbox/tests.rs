//! The queue against its plainest model.

use super::*;
use std::collections::VecDeque;

fn put(inbox: &mut Inbox<'_>, message: &[u8]) -> bool {
    if inbox.open(message.len(), 0).is_none() {
        return false;
    }
    let (first, second) = message.split_at(message.len() / 2);
    inbox.push(first);
    inbox.push(second);
    inbox.commit();
    true
}

/// The same, but only the first half is reserved at first, and something ends it that is not its end.
fn put_in_pieces(inbox: &mut Inbox<'_>, message: &[u8]) -> bool {
    let (first, second) = message.split_at(message.len() / 2);
    if inbox.open(first.len(), 0).is_none() {
        return false;
    }
    inbox.goes_on();
    inbox.push(first);
    inbox.commit();
    assert_eq!(inbox.opened(), first);
    inbox.extend(second.len());
    assert_eq!(inbox.opened(), first, "wherever it stands now");
    inbox.push(second);
    inbox.commit();
    true
}

fn all(inbox: &mut Inbox<'_>) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    inbox.rewind();
    while let Some(message) = inbox.peek() {
        messages.push(message.bytes.to_vec());
        inbox.skip();
    }
    messages
}

#[test]
fn what_is_skipped_stays_and_what_is_removed_goes() {
    let mut memory = [0; 64];
    let mut inbox = Inbox::new(&mut memory);
    for message in [&b"one"[..], b"two", b"three"] {
        assert!(put(&mut inbox, message));
    }
    inbox.rewind();
    inbox.skip();
    assert_eq!(inbox.peek().map(|m| m.bytes), Some(&b"two"[..]));
    inbox.remove();
    assert_eq!(inbox.peek().map(|m| m.bytes), Some(&b"three"[..]));
    assert_eq!(all(&mut inbox), [b"one".to_vec(), b"three".to_vec()]);
    assert!(!inbox.losses.matter());
}

#[test]
fn a_message_larger_than_the_inbox_is_counted_and_nothing_else_suffers() {
    let mut memory = [0; 16];
    let mut inbox = Inbox::new(&mut memory);
    assert!(put(&mut inbox, b"kept"));
    assert!(inbox.open(15, 0).is_none());
    inbox.push(b"goes nowhere");
    inbox.commit();
    assert_eq!(inbox.losses.messages, 1);
    assert_eq!(all(&mut inbox), [b"kept".to_vec()]);
    assert_eq!(inbox.largest(), 14);
    assert!(put(&mut inbox, &[7; 14]));
    assert_eq!(all(&mut inbox), [vec![7; 14]]);
    assert_eq!(inbox.losses.messages, 2, "the older one gave way");
}

#[test]
fn an_abandoned_message_leaves_no_trace() {
    let mut memory = [0; 32];
    let mut inbox = Inbox::new(&mut memory);
    assert!(put(&mut inbox, b"before"));
    assert!(inbox.open(4, 6).is_some());
    inbox.push(b"half");
    inbox.rollback();
    assert!(put(&mut inbox, b"after"));
    assert_eq!(all(&mut inbox), [b"before".to_vec(), b"after".to_vec()]);
}

#[test]
fn a_payload_that_does_not_fit_leaves_its_head_marked_as_cut() {
    let mut memory = [0; 20];
    let mut inbox = Inbox::new(&mut memory);
    let space = inbox.open(4, 100).unwrap();
    space[..4].copy_from_slice(b"head");
    inbox.filled(4);
    inbox.push(b"payload");
    inbox.commit();
    inbox.rewind();
    let message = inbox.peek().unwrap();
    assert_eq!((message.bytes, message.cut), (&b"head"[..], true));
    assert_eq!(inbox.losses.messages, 1);
}

#[test]
fn a_message_that_goes_on_is_not_visible_before_its_end_and_may_be_taken_back() {
    let mut memory = [0; 32];
    let mut inbox = Inbox::new(&mut memory);
    assert!(inbox.open(4, 0).is_some());
    inbox.goes_on();
    inbox.push(b"head");
    inbox.commit();
    assert_eq!(all(&mut inbox), Vec::<Vec<u8>>::new());
    assert!(!inbox.news());
    inbox.rollback();
    assert_eq!(inbox.opened(), b"");
    inbox.extend(4);
    inbox.push(b"gone");
    inbox.commit();
    assert_eq!(all(&mut inbox), Vec::<Vec<u8>>::new());
}

#[test]
fn a_message_that_grows_beyond_the_inbox_is_cut_and_the_others_stay() {
    let mut memory = [0; 32];
    let mut inbox = Inbox::new(&mut memory);
    assert!(put(&mut inbox, b"other"));
    assert!(inbox.open(4, 0).is_some());
    inbox.push(b"head");
    inbox.extend(100);
    assert_eq!((inbox.opened(), inbox.losses.messages), (&b""[..], 1));
    inbox.push(b"payload");
    inbox.commit();
    assert_eq!(all(&mut inbox), [b"other".to_vec(), b"head".to_vec()]);
}

#[test]
fn ids_come_out_in_order_each_once_with_the_length_that_came_first() {
    let mut queue = Queue::default();
    for id in 1..=4 {
        queue.push_sized(id, id * 10);
    }
    queue.push(2);
    assert!(!queue.overflowed());
    queue.push(5);
    assert!(queue.overflowed() && !queue.overflowed());
    assert!(queue.contains(5) && !queue.contains(1));
    assert_eq!(queue.pop_sized(), Some((2, 20)));
    assert_eq!([queue.pop(), queue.pop()], [Some(3), Some(4)]);
    assert_eq!([queue.pop_sized(), queue.pop_sized()], [Some((5, 0)), None]);
}

/// A model with the same rules in the plainest form: a list of messages; the oldest give way only when needed.
#[test]
fn any_course_of_events_keeps_order_and_content() {
    let mut state = 0x2545_F491_u32;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    for size in [9, 16, 40, 100, 257] {
        let mut memory = vec![0; size];
        let mut inbox = Inbox::new(&mut memory);
        let mut model: VecDeque<Vec<u8>> = VecDeque::new();
        let mut lost = 0;
        for step in 0..4000 {
            match random() % 4 {
                0 | 1 => {
                    let length = random() as usize % (size / 2);
                    let message: Vec<u8> = (0..length).map(|i| (step + i) as u8).collect();
                    let before = inbox.losses.messages;
                    let put = if random() % 2 == 0 {
                        put
                    } else {
                        put_in_pieces
                    };
                    assert!(put(&mut inbox, &message), "it is smaller than the inbox");
                    let gone = inbox.losses.messages - before;
                    lost += gone;
                    for _ in 0..gone {
                        model.pop_front();
                    }
                    model.push_back(message);
                }
                2 => {
                    let which = random() as usize % 4;
                    inbox.rewind();
                    for _ in 0..which {
                        inbox.skip();
                    }
                    if inbox.peek().is_some() {
                        assert_eq!(
                            inbox.peek().map(|m| m.bytes),
                            model.get(which).map(|m| &m[..])
                        );
                        inbox.remove();
                        model.remove(which);
                    } else {
                        assert!(model.len() <= which);
                    }
                }
                _ => {
                    let _ = inbox.open(random() as usize % (size / 2), 0).is_some();
                    inbox.rollback();
                    // Opening may have made room; follow it.
                    let now = all(&mut inbox);
                    while model.len() > now.len() {
                        model.pop_front();
                    }
                }
            }
            assert_eq!(
                all(&mut inbox),
                Vec::from(model.clone()),
                "size {size} step {step}"
            );
            inbox.losses.messages = 0;
        }
        assert!(lost > 0, "the queue of {size} was full at times");
    }
}

#[test]
fn data_of_an_untold_length_that_goes_beyond_its_space_makes_no_whole_message() {
    let mut memory = [0; 16];
    let mut inbox = Inbox::new(&mut memory);
    assert_eq!(inbox.opened_length(), None);
    inbox.open(1, 3).unwrap()[0] = b'H';
    inbox.filled(1);
    inbox.push(b"ab");
    assert_eq!(inbox.opened_length(), Some(3));
    inbox.push(b"c");
    inbox.commit();
    assert_eq!(inbox.peek().map(|message| message.cut), Some(false));
    inbox.remove();
    inbox.open(1, 3).unwrap()[0] = b'H';
    inbox.filled(1);
    inbox.push(b"abcd");
    inbox.push(b"e");
    inbox.commit();
    let message = inbox.peek().unwrap();
    assert_eq!((message.bytes, message.cut), (&b"Habc"[..], true));
    assert_eq!(inbox.losses.messages, 1);
}
