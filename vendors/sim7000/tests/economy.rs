//! How much is said for a request, and that nothing is said twice.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::message::{Number, Value};

/// The commands of a request, without message id and token.
fn said(line: &crate::sim::Line<Module>) -> Vec<String> {
    let mut all = commands(line);
    for one in &mut all {
        if let Some((before, after)) = one.clone().split_once(",mid,") {
            let rest = after.splitn(5, ',').nth(4).unwrap_or_default().to_owned();
            *one = format!("{before},..,{rest}");
        } else if one.starts_with("AT+CCOAPHEAD") || one.starts_with("AT+CCOAPREAD") {
            *one = one.chars().take(12).collect();
        }
    }
    all
}

#[test]
fn a_request_is_one_line_and_its_response_is_read_once() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        commands(&line);
        println!("| request | commands | bytes out | bytes in |\n|---|---|---|---|");
        for _ in 0..2 {
            line.received();
            hello(host);
            let received = line.received().len();
            let commands = said(&line);
            println!("| GET /hello | {} | | {received} |", commands.join(", "));
            assert_eq!(
                commands,
                [
                    r#"AT+CCOAPPARA=code,1,type,"CON",..,uri-path,0,"hello""#,
                    "AT+CCOAPACTION",
                    "AT+CCOAPHEAD",
                    "AT+CCOAPREAD",
                    "AT+CCOAPACTION=4",
                ]
            );
        }
        // What has no payload is not read, and cleared with the next request.
        let mut buffer = [0; 1400];
        let put = Request::put("/store/a", b"21.5").content_format(0);
        for round in 0..2 {
            host.request(&put, &mut buffer).unwrap();
            let mut commands = said(&line);
            if round > 0 {
                assert_eq!(commands.remove(0), "AT+CCOAPACTION=5");
            }
            assert_eq!(
                commands,
                [
                    r#"AT+CCOAPPARA=code,3,type,"CON",..,uri-path,0,"store/a",content-format,0,payload,0,"21.5""#,
                    "AT+CCOAPACTION",
                    "AT+CCOAPHEAD",
                    "AT+CCOAPACTION=4",
                ]
            );
        }
    });
    polite(&line);
}

#[test]
fn every_option_has_its_name_and_bytes_go_in_hexadecimal() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        commands(&line);
        let mut buffer = [0; 1400];
        let options = [
            (Number::ETAG, Value::Opaque(&[1, 0xAB])),
            (Number::OBSERVE, Value::Uint(1)),
            (Number::MAX_AGE, Value::Uint(65536)),
            (Number::SIZE1, Value::Uint(3)),
        ];
        let post = Request::post("/options?a=%22&b=c%5Cd", b"a\"b")
            .content_format(0)
            .accept(0)
            .non_confirmable()
            .options(&options);
        let response = host.request(&post, &mut buffer).unwrap();
        assert_eq!(
            String::from_utf8_lossy(response.payload()),
            "4 01AB\n6 01\n11 6F7074696F6E73\n12 \n14 010000\n15 613D22\n15 623D635C64\n17 \n60 03\n"
        );
        assert_eq!(
            said(&line)[0],
            concat!(
                r#"AT+CCOAPPARA=code,2,type,"NON",..,etag,1,"01AB",observe,1,uri-path,0,"options","#,
                r#"content-format,0,max-age,65536,uri-query,1,"613D2226623D635C64",accept,0,size,3,payload,1,"612262""#
            )
        );
    });
    polite(&line);
}

#[test]
fn attach_and_connect_again_send_questions_only() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        line.sent();
        up(host);
        assert_eq!(
            commands(&line),
            [
                "AT+CMEE?",
                "AT+CPIN?",
                "AT+CFUN?",
                "AT+CEREG?",
                "AT+CNACT?",
                "AT+CCOAPACTION=4"
            ]
        );
        hello(host);
        assert_eq!(said(&line).len(), 5);
    });
    polite(&line);
}
