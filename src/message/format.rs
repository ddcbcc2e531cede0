//! Content-Formats by number and by name: what a payload is (RFC 7252, sections 5.10.3 and 12.3).
//!
//! The whole registry of IANA as it was in 2026. A name is a media type with its parameters; a content coding comes
//! after an `@`, as RFC 9193 writes it. Behind each number stands the document that it comes from; where that is no RFC
//! yet, the working group or organisation. An image carries the names only if it asks for one.

/// One list of the registered formats, from which the constants and the table come.
macro_rules! formats {
    ($($constant:ident = $number:literal, $name:literal, $document:literal;)+) => {
        $(
            #[doc = concat!("`", $name, "` (", $document, ").")]
            pub const $constant: u16 = $number;
        )+

        const TABLE: &[(u16, &str)] = &[$(($number, $name),)+];
    };
}

formats! {
    TEXT_PLAIN = 0, "text/plain; charset=utf-8", "RFC 7252";
    COSE_ENCRYPT0 = 16, "application/cose; cose-type=\"cose-encrypt0\"", "RFC 9052";
    COSE_MAC0 = 17, "application/cose; cose-type=\"cose-mac0\"", "RFC 9052";
    COSE_SIGN1 = 18, "application/cose; cose-type=\"cose-sign1\"", "RFC 9052";
    ACE_CBOR = 19, "application/ace+cbor", "RFC 9200";
    IMAGE_GIF = 21, "image/gif", "W3C";
    IMAGE_JPEG = 22, "image/jpeg", "ISO/IEC 10918-5";
    IMAGE_PNG = 23, "image/png", "W3C";
    LINK_FORMAT = 40, "application/link-format", "RFC 6690";
    XML = 41, "application/xml", "RFC 7252";
    OCTET_STREAM = 42, "application/octet-stream", "RFC 7252";
    EXI = 47, "application/exi", "RFC 7252";
    JSON = 50, "application/json", "RFC 7252";
    JSON_PATCH_JSON = 51, "application/json-patch+json", "RFC 6902";
    MERGE_PATCH_JSON = 52, "application/merge-patch+json", "RFC 7396";
    CBOR = 60, "application/cbor", "RFC 8949";
    CWT = 61, "application/cwt", "RFC 8392";
    MULTIPART_CORE = 62, "application/multipart-core", "RFC 8710";
    CBOR_SEQ = 63, "application/cbor-seq", "RFC 8742";
    EDHOC_CBOR_SEQ = 64, "application/edhoc+cbor-seq", "RFC 9528";
    CID_EDHOC_CBOR_SEQ = 65, "application/cid-edhoc+cbor-seq", "RFC 9528";
    COSE_ENCRYPT = 96, "application/cose; cose-type=\"cose-encrypt\"", "RFC 9052";
    COSE_MAC = 97, "application/cose; cose-type=\"cose-mac\"", "RFC 9052";
    COSE_SIGN = 98, "application/cose; cose-type=\"cose-sign\"", "RFC 9052";
    COSE_KEY = 101, "application/cose-key", "RFC 9052";
    COSE_KEY_SET = 102, "application/cose-key-set", "RFC 9052";
    SENML_JSON = 110, "application/senml+json", "RFC 8428";
    SENSML_JSON = 111, "application/sensml+json", "RFC 8428";
    SENML_CBOR = 112, "application/senml+cbor", "RFC 8428";
    SENSML_CBOR = 113, "application/sensml+cbor", "RFC 8428";
    SENML_EXI = 114, "application/senml-exi", "RFC 8428";
    SENSML_EXI = 115, "application/sensml-exi", "RFC 8428";
    YANG_DATA_CBOR_SID = 140, "application/yang-data+cbor; id=sid", "RFC 9254";
    COAP_GROUP_JSON = 256, "application/coap-group+json", "RFC 7390";
    CONCISE_PROBLEM_DETAILS_CBOR = 257, "application/concise-problem-details+cbor", "RFC 9290";
    SWID_CBOR = 258, "application/swid+cbor", "RFC 9393";
    PKIXCMP = 259, "application/pkixcmp", "RFC 9482";
    YANG_SID_JSON = 260, "application/yang-sid+json", "RFC 9595";
    ACE_GROUPCOMM_CBOR = 261, "application/ace-groupcomm+cbor", "RFC 9594";
    ACE_TRL_CBOR = 262, "application/ace-trl+cbor", "RFC 9770";
    EAT_CWT = 263, "application/eat+cwt", "RFC 9782";
    EAT_JWT = 264, "application/eat+jwt", "RFC 9782";
    EAT_BUN_CBOR = 265, "application/eat-bun+cbor", "RFC 9782";
    EAT_BUN_JSON = 266, "application/eat-bun+json", "RFC 9782";
    EAT_UCS_CBOR = 267, "application/eat-ucs+cbor", "RFC 9782";
    EAT_UCS_JSON = 268, "application/eat-ucs+json", "RFC 9782";
    COAP_EAP = 269, "application/coap-eap", "RFC 9820";
    SUIT_REPORT_COSE = 270, "application/suit-report+cose", "SUIT";
    DOTS_CBOR = 271, "application/dots+cbor", "RFC 9132";
    MISSING_BLOCKS_CBOR_SEQ = 272, "application/missing-blocks+cbor-seq", "RFC 9177";
    CMW_CBOR = 273, "application/cmw+cbor", "RATS";
    CMW_JSON = 274, "application/cmw+json", "RATS";
    CMW_COSE = 275, "application/cmw+cose", "RATS";
    CMW_JWS = 276, "application/cmw+jws", "RATS";
    SCITT_STATEMENT_COSE = 277, "application/scitt-statement+cose", "RFC 9943";
    SCITT_RECEIPT_COSE = 278, "application/scitt-receipt+cose", "RFC 9943";
    STATUSLIST_CWT = 279, "application/statuslist+cwt", "OAuth";
    PKCS7_SERVER_GENERATED_KEY = 280, "application/pkcs7-mime; smime-type=server-generated-key", "RFC 9148";
    PKCS7_CERTS_ONLY = 281, "application/pkcs7-mime; smime-type=certs-only", "RFC 9148";
    PKCS8 = 284, "application/pkcs8", "RFC 9148";
    CSRATTRS = 285, "application/csrattrs", "RFC 9148";
    PKCS10 = 286, "application/pkcs10", "RFC 9148";
    PKIX_CERT = 287, "application/pkix-cert", "RFC 9148";
    AIF_CBOR = 290, "application/aif+cbor", "RFC 9237";
    AIF_JSON = 291, "application/aif+json", "RFC 9237";
    AIF_CBOR_CRI = 292, "application/aif+cbor; toid=CRI-local-part", "CoRE";
    SD_CWT = 293, "application/sd-cwt", "SPICE";
    KB_CWT = 294, "application/kb+cwt", "SPICE";
    MEASURED_COMPONENT_CBOR = 295, "application/measured-component+cbor", "RATS";
    MEASURED_COMPONENT_JSON = 296, "application/measured-component+json", "RATS";
    AIF_CBOR_OSCORE = 297, "application/aif+cbor; toid=oscore-gname; tperm=oscore-gperm", "ACE";
    AIF_JSON_OSCORE = 298, "application/aif+json; toid=oscore-gname; tperm=oscore-gperm", "ACE";
    COSE_C509_CERT_CBOR = 299, "application/cose-c509-cert+cbor", "COSE";
    COSE_C509_CBOR = 300, "application/cose-c509+cbor", "COSE";
    COSE_C509_CHAIN = 301, "application/cose-c509+cbor; usage=chain", "COSE";
    COSE_C509_PKCS10_CBOR = 302, "application/cose-c509-pkcs10+cbor", "COSE";
    COSE_C509_CRTEMPLATE_CBOR = 303, "application/cose-c509-crtemplate+cbor", "COSE";
    COSE_C509_PRIVKEY_CBOR = 304, "application/cose-c509-privkey+cbor", "COSE";
    COSE_C509_PEM_CBOR = 305, "application/cose-c509-pem+cbor", "COSE";
    COSE_CERTHASH_CBOR = 306, "application/cose-certhash+cbor", "COSE";
    COSE_CERTHASH_C509 = 307, "application/cose-certhash+cbor; usage=c509", "COSE";
    SENML_XML = 310, "application/senml+xml", "RFC 8428";
    SENSML_XML = 311, "application/sensml+xml", "RFC 8428";
    SENML_ETCH_JSON = 320, "application/senml-etch+json", "RFC 8790";
    SENML_ETCH_CBOR = 322, "application/senml-etch+cbor", "RFC 8790";
    YANG_DATA_CBOR = 340, "application/yang-data+cbor", "RFC 9254";
    YANG_DATA_CBOR_NAME = 341, "application/yang-data+cbor; id=name", "RFC 9254";
    TD_JSON = 432, "application/td+json", "W3C WoT";
    TM_JSON = 433, "application/tm+json", "W3C WoT";
    SDF_JSON = 434, "application/sdf+json", "RFC 9880";
    DNS_MESSAGE = 553, "application/dns-message", "RFC 9953";
    UCCS_CBOR = 601, "application/uccs+cbor", "RFC 9781";
    VOUCHER_COSE = 836, "application/voucher+cose", "ANIMA";
    OCF_CBOR = 10_000, "application/vnd.ocf+cbor", "OCF";
    OSCORE = 10_001, "application/oscore", "RFC 8613";
    JAVASCRIPT = 10_002, "application/javascript", "RFC 4329";
    EAT_CWT_PSA_TFM = 10_003, "application/eat+cwt; eat_profile=\"tag:psacertified.org,2023:psa#tfm\"", "RFC 9783";
    EAT_CWT_PSA_LEGACY = 10_004, "application/eat+cwt; eat_profile=\"tag:psacertified.org,2019:psa#legacy\"", "RFC 9783";
    EAT_CWT_INTEL = 10_005, "application/eat+cwt; eat_profile=2.16.840.1.113741.1.16.1", "RFC 9782";
    OMS_CELLULAR_COSE_CONTENT = 10_006, "application/vnd.oms.cellular-cose-content+cbor", "OMS Group";
    SYSLOG_MSG = 10_007, "application/syslog-msg", "IANA";
    TOC_CBOR = 10_570, "application/toc+cbor", "TCG";
    CE_CBOR = 10_571, "application/ce+cbor", "TCG";
    TOC_CBOR_INTEL = 10_572, "application/toc+cbor; profile=2.16.840.1.113741.1.16.1", "TCG";
    CE_CBOR_INTEL = 10_573, "application/ce+cbor; profile=2.16.840.1.113741.1.16.1", "TCG";
    JSON_DEFLATE = 11_050, "application/json@deflate", "RFC 9110";
    CBOR_DEFLATE = 11_060, "application/cbor@deflate", "RFC 9110";
    LWM2M_TLV = 11_542, "application/vnd.oma.lwm2m+tlv", "OMA LwM2M 1.0";
    LWM2M_JSON = 11_543, "application/vnd.oma.lwm2m+json", "OMA LwM2M 1.0";
    LWM2M_CBOR = 11_544, "application/vnd.oma.lwm2m+cbor", "OMA LwM2M 1.2";
    TEXT_PLAIN_ZSTD = 12_000, "text/plain; charset=utf-8@zstd", "IANA";
    XML_ZSTD = 12_041, "application/xml@zstd", "IANA";
    JSON_ZSTD = 12_050, "application/json@zstd", "IANA";
    TEXT_CSS = 20_000, "text/css", "RFC 2318";
    VAS_CONFIG_JER = 20_001, "application/vnd.as207960.vas.config+jer", "IANA";
    VAS_CONFIG_UPER = 20_002, "application/vnd.as207960.vas.config+uper", "IANA";
    VAS_TAP_JER = 20_003, "application/vnd.as207960.vas.tap+jer", "IANA";
    VAS_TAP_UPER = 20_004, "application/vnd.as207960.vas.tap+uper", "IANA";
    IMAGE_SVG = 30_000, "image/svg+xml", "W3C";
}

/// The registered name of a number, such as `application/json`; `None` for one that this crate does not know.
pub fn name(number: u16) -> Option<&'static str> {
    all()
        .find(|(known, _)| *known == number)
        .map(|(_, name)| name)
}

/// The number of a name. Capital letters, blanks and quotes make no difference, and the character set, which can only be
/// UTF-8, may be left out: `text/plain` is 0.
pub fn number(name: &str) -> Option<u16> {
    all()
        .find(|(_, known)| {
            let short = known.strip_suffix("; charset=utf-8");
            is_same(known, name) || short.is_some_and(|short| is_same(short, name))
        })
        .map(|(number, _)| number)
}

/// All that are registered, in the order of their numbers.
pub fn all() -> impl Iterator<Item = (u16, &'static str)> {
    TABLE.iter().copied()
}

fn is_same(known: &str, given: &str) -> bool {
    let letters = |text| {
        str::bytes(text)
            .filter(|byte| !matches!(byte, b' ' | b'"'))
            .map(|byte| byte.to_ascii_lowercase())
    };
    letters(known).eq(letters(given))
}
