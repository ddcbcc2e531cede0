//! LINK: discovery (RFC 6690).

use crate::libcoap::Server;
use crate::part::{Part, piggybacked, play};
use crate::wire::Wire;
use crate::{texts, with_client};
use coap_lite::{CoapOption, Packet};
use coap_modem::client::{Blocking, Request};
use coap_modem::message::Code;
use coap_modem::message::link_format::{Filter, Link, Links};
use coap_modem::udp::UdpClient;

/// Asks for links, and gives the targets of those that came.
fn discover(client: &mut UdpClient<'_>, filter: &str) -> Vec<String> {
    let mut buffer = [0; 1000];
    let response = client.discover(filter, &mut buffer).unwrap();
    assert_eq!(response.code(), Code::CONTENT);
    let links = response.links().expect("links").map(Result::unwrap);
    let wanted = Filter::parse(filter);
    let links: Vec<Link<'_>> = links.collect();
    assert!(
        links
            .iter()
            .all(|link| wanted.is_none_or(|filter| filter.matches(link))),
        "the server filtered as we do: {links:?}"
    );
    links.iter().map(|link| link.target().into()).collect()
}

/// The same with libcoap's server, with a look at the query on the wire.
fn discover_libcoap(filter: &str) -> Option<Vec<String>> {
    let server = Server::start(&[])?;
    let wire = Wire::to(server.port);
    let targets = with_client(wire.port, |client| discover(client, filter));
    let sent = wire.take_sent();
    assert_eq!(
        texts(&sent[0], CoapOption::UriPath),
        [".well-known", "core"]
    );
    let queries = texts(&sent[0], CoapOption::UriQuery);
    assert_eq!(queries.concat(), filter);
    assert_eq!(
        sent[0].get_first_option(CoapOption::Accept),
        Some(&vec![40])
    );
    Some(targets)
}

/// A server with links of all kinds that filters by what the query says, word by word.
fn answer(part: &mut Part, links: &[(&str, &[&str])]) {
    let request = part.receive();
    let [query] = &texts(&request, CoapOption::UriQuery)[..] else {
        panic!("one query");
    };
    let wanted = links
        .iter()
        .filter(|(_, matches)| matches.contains(&query.as_str()));
    let text: Vec<&str> = wanted.map(|(link, _)| *link).collect();
    part.send(&links_response(&request, &text.join(",")));
}

fn links_response(request: &Packet, links: &str) -> Packet {
    let mut response = piggybacked(request, "2.05");
    response.add_option(CoapOption::ContentFormat, vec![40]);
    response.payload = links.into();
    response
}

#[test]
fn link_01_well_known_core() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    with_client(server.port, |client| {
        let mut buffer = [0; 1000];
        let response = client.discover("", &mut buffer).unwrap();
        let links: Vec<_> = response.links().unwrap().map(Result::unwrap).collect();
        let targets: Vec<_> = links.iter().map(|link| link.target()).collect();
        assert_eq!(targets, ["/", "/time", "/async", "/example_data"]);
        let time = &links[1];
        assert!(time.is_observable());
        assert!(time.resource_types().eq(["ticks"]));
        assert!(time.interfaces().eq(["clock"]));
        assert!(time.content_formats().eq([0]));
        assert_eq!(time.title().unwrap(), "Internal Clock");
        // And they lead somewhere.
        let path = time.path().unwrap().to_owned();
        let mut buffer = [0; 100];
        let response = client.request(&Request::get(&path), &mut buffer).unwrap();
        assert_eq!(response.code(), Code::CONTENT);
    });
}

#[test]
fn link_02_filtered_by_rt() {
    if let Some(targets) = discover_libcoap("rt=ticks") {
        assert_eq!(targets, ["/time"]);
    }
    if let Some(targets) = discover_libcoap("rt=no-such-type") {
        assert_eq!(targets, [""; 0]);
    }
}

#[test]
fn link_03_empty_prefix() {
    if let Some(targets) = discover_libcoap("rt=*") {
        assert_eq!(targets, ["/time"]);
    }
}

#[test]
fn link_04_several_rt_values() {
    let part = play(|part| {
        let links: [(_, &[_]); 3] = [
            ("</a>;rt=\"Type1 Type2\"", &["rt=Type1", "rt=Type2"]),
            ("</b>;rt=\"Type2 Type3\"", &["rt=Type2"]),
            ("</c>;rt=Type1", &["rt=Type1"]),
        ];
        (0..2).for_each(|_| answer(part, &links));
    });
    with_client(part.port, |client| {
        assert_eq!(discover(client, "rt=Type2"), ["/a", "/b"]);
        assert_eq!(discover(client, "rt=Type1"), ["/a", "/c"]);
    });
    part.end();
}

#[test]
fn link_05_filtered_by_if() {
    if let Some(targets) = discover_libcoap("if=cl*") {
        assert_eq!(targets, ["/time"]);
    }
}

#[test]
fn link_06_filtered_by_sz() {
    let part = play(|part| answer(part, &[("</image>;sz=262144", &["sz=*"]), ("</a>", &[])]));
    with_client(part.port, |client| {
        assert_eq!(discover(client, "sz=*"), ["/image"]);
    });
    part.end();
}

#[test]
fn link_07_filtered_by_a_whole_href() {
    if let Some(targets) = discover_libcoap("href=/time") {
        assert_eq!(targets, ["/time"]);
    }
}

#[test]
fn link_08_filtered_by_the_beginning_of_an_href() {
    if let Some(targets) = discover_libcoap("href=/ti*") {
        assert_eq!(targets, ["/time"]);
    }
}

#[test]
fn link_09_links_that_lead_to_links() {
    let part = play(|part| {
        let request = part.receive();
        part.send(&links_response(
            &request,
            "</sensors>;ct=40;title=\"Sensors\",</x>;ct=0",
        ));
        let request = part.receive();
        assert_eq!(texts(&request, CoapOption::UriPath), ["sensors"]);
        part.send(&links_response(
            &request,
            "</sensors/temp>;rt=temperature;ct=0",
        ));
        let request = part.receive();
        assert_eq!(texts(&request, CoapOption::UriPath), ["sensors", "temp"]);
        let mut response = piggybacked(&request, "2.05");
        response.payload = b"21.5".to_vec();
        part.send(&response);
    });
    with_client(part.port, |client| {
        let (mut first, mut second, mut third) = ([0; 200], [0; 200], [0; 200]);
        let entry = client.discover("", &mut first).unwrap();
        let more = entry.links().unwrap().flatten();
        let more: Vec<&str> = more
            .filter(|link| link.content_formats().any(|number| number == 40))
            .filter_map(|link| link.path())
            .collect();
        assert_eq!(more, ["/sensors"]);
        let sensors = client
            .request(&Request::get(more[0]).accept(40), &mut second)
            .unwrap();
        let temp = sensors.links().unwrap().flatten().next().unwrap();
        assert!(temp.resource_types().eq(["temperature"]));
        let request = Request::get(temp.path().unwrap());
        let response = client.request(&request, &mut third).unwrap();
        assert_eq!(response.payload(), b"21.5");
        assert!(temp.content_formats().eq([0]) && response.content_format().is_none());
    });
    part.end();
}

#[test]
fn a_query_is_plain_text_and_what_came_is_links_only_if_it_says_so() {
    let part = play(|part| {
        let request = part.receive();
        let queries = texts(&request, CoapOption::UriQuery);
        assert_eq!(queries, ["rt=a b&c%20ä#*"], "one option, nothing coded");
        let mut response = piggybacked(&request, "2.05");
        response.add_option(CoapOption::ContentFormat, vec![50]);
        response.payload = b"{}".to_vec();
        part.send(&response);
        let request = part.receive();
        part.send(&piggybacked(&request, "4.04"));
    });
    with_client(part.port, |client| {
        let mut buffer = [0; 100];
        let response = client.discover("rt=a b&c%20ä#*", &mut buffer).unwrap();
        assert!(response.links().is_none());
        let response = client.discover("", &mut buffer).unwrap();
        assert_eq!(response.code(), Code::NOT_FOUND);
        assert!(response.links().is_none());
    });
    part.end();
}

#[test]
fn more_links_than_a_response_holds_are_downloaded() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let get = Request::get("/.well-known/core").accept(40).block_size(64);
        let (mut body, mut buffer) = ([0; 1000], [0; 200]);
        let received = client.download(&get, &mut body[..], &mut buffer).unwrap();
        let length = usize::try_from(received.length).unwrap();
        let links = Links::new(&body[..length]).map(Result::unwrap);
        let targets: Vec<&str> = links.map(|link| link.target()).collect();
        assert_eq!(targets, ["/", "/time", "/async", "/example_data"]);
    });
    assert!(wire.take_sent().len() > 1);
}
