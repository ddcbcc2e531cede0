//! What a request costs on the line, and that nothing is said whose effect is already in force.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::message::Code;

#[test]
fn a_request_is_status_options_head_and_send() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        commands(&line);
        let (option, head) = ("AT+QCOAPOPTION=1,11,\"hello\"", "AT+QCOAPHEAD=5,ID,4,TOKEN");
        let send = "AT+QCOAPSEND=0,1,192.0.2.1,5683";
        hello(host);
        assert_eq!(commands(&line), [option, head, send]);
        // The status of a confirmable message is asked for before the next one.
        let status = "AT+QCOAPDATASTATUS?";
        hello(host);
        assert_eq!(commands(&line), [status, option, head, send]);
        let non = Request::get("/hello").non_confirmable();
        let send = "AT+QCOAPSEND=1,1,192.0.2.1,5683";
        ask(host, &non).unwrap();
        assert_eq!(commands(&line), [status, option, head, send]);
        ask(host, &non).unwrap();
        assert_eq!(commands(&line), [option, head, send]);
    });
    polite(&line);
}

#[test]
fn options_are_numbers_and_strings_in_one_list() {
    use crate::message::{Number, Value};
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        commands(&line);
        let options = [
            (Number::OBSERVE, Value::Uint(0)),
            (Number::BLOCK2, Value::Uint(5)),
            (Number::SIZE2, Value::Uint(0)),
        ];
        let request = Request::put("/options?a=b,c", b"hi")
            .host("demo")
            .content_format(0)
            .accept(0)
            .options(&options);
        let (code, listed) = ask(host, &request).unwrap();
        assert_eq!(code, Code::CONTENT);
        let expected = "AT+QCOAPOPTION=8,3,\"demo\",6,\"0\",11,\"options\",12,\"0\",15,\"a=b,c\",17,\"0\",\
                        23,\"5\",28,\"0\"";
        assert_eq!(commands(&line)[0], expected);
        let listed = String::from_utf8(listed).unwrap();
        let arrived = "3 64656D6F\n6 \n11 6F7074696F6E73\n12 \n15 613D622C63\n17 \n23 05\n28 \n";
        assert_eq!(listed, arrived);
    });
    polite(&line);
}

#[test]
fn a_message_without_options_renews_the_context_only_where_a_list_may_stand() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let renews = |host: &mut Host<'_>, path: &str| {
            commands(&line);
            get(host, path).unwrap();
            commands(&line).iter().any(|sent| sent == "AT+QCOAPDEL")
        };
        assert!(!renews(host, "/"), "none was set yet");
        assert!(!renews(host, "/"));
        assert!(!renews(host, "/hello"));
        assert!(renews(host, "/"));
        assert!(!renews(host, "/"));
        host.dialect().set_options_used_once(true);
        assert!(!renews(host, "/hello"));
        assert!(!renews(host, "/"));
    });
    polite(&line);
}

#[test]
fn a_list_whose_message_was_given_up_does_not_go_with_the_next_one() {
    for used_once in [false, true] {
        for polls in 0..60 {
            let line = line(|_| {});
            with(&line, |host| {
                host.dialect().set_options_used_once(used_once);
                up(host);
                drop_after(host, &Request::put("/store/x", b"1"), polls);
                datagrams(&line);
                // No option, so that nothing is set anew.
                assert_eq!(get(host, "/").unwrap().0, Code::NOT_FOUND, "at {polls}");
                let sent = datagrams(&line);
                let asked = sent.last().unwrap();
                assert_eq!(asked.options().count(), 0, "at {polls}");
            });
            polite(&line);
        }
    }
}

#[test]
fn a_renewal_that_was_given_up_is_made_good_by_the_next_message() {
    for polls in 0..60 {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            hello(host);
            drop_after(host, &Request::get("/"), polls);
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn attach_again_sends_questions_only() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        commands(&line);
        host.attach(&network()).unwrap();
        assert_eq!(
            commands(&line),
            [
                "AT+CMEE?",
                "AT+CFUN?",
                "AT+CIMI",
                "AT+CGATT?",
                "AT+CGDCONT?",
                "AT+CEREG?",
                "AT+CGPADDR"
            ]
        );
        // And the context stands.
        hello(host);
    });
    polite(&line);
}
