//! The reader against the one behind descriptors, which follows the JSON mapping to the letter and is too slow for every message.

use prost::Message as _;
use prost_reflect::{DeserializeOptions, DynamicMessage};

use super::super::refusal::Refusal;
use super::reader::wire;
use super::schema::{INBOUND, INBOUND_EVENT};
use super::{from_json, from_protobuf};
use crate::proto::channel::InboundEvent;

fn ours(text: &str) -> Result<InboundEvent, Refusal> {
    wire(text, &INBOUND).map(|bytes| InboundEvent::decode(&bytes[..]).expect("what the reader writes can be decoded"))
}

fn theirs(text: &str) -> Option<InboundEvent> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(INBOUND_EVENT.clone(), &mut deserializer, &options).ok()?;
    deserializer.end().ok()?;
    message.transcode_to().ok()
}

#[test]
fn every_spelling_of_the_json_mapping_is_read_as_the_descriptors_read_it() {
    for text in [
        r#"{"typing":{}}"#,
        r#"{"event_id":"a","messageRef":"b","typing":{}}"#,
        r#"{"occurredAtMs":"1760000000000","typing":{}}"#,
        r#"{"occurredAtMs":1760000000000,"typing":{}}"#,
        r#"{"occurredAtMs":-1,"typing":{}}"#,
        r#"{"occurredAtMs":1e3,"typing":{}}"#,
        r#"{"occurredAtMs":1.5,"typing":{}}"#,
        r#"{"occurredAtMs":"9223372036854775808","typing":{}}"#,
        r#"{"occurredAtMs":" 1","typing":{}}"#,
        r#"{"occurredAtMs":true,"typing":{}}"#,
        r#"{"assurance":"ASSURANCE_TOKEN","scope":3,"typing":{}}"#,
        r#"{"assurance":"TOKEN","typing":{}}"#,
        r#"{"assurance":99,"typing":{}}"#,
        r#"{"assurance":99999999999,"typing":{}}"#,
        r#"{"backfill":true,"redelivery":false,"typing":{}}"#,
        r#"{"backfill":"true","typing":{}}"#,
        r#"{"eventId":null,"senders":null,"profile":null,"message":null,"typing":{}}"#,
        r#"{"eventId":7,"typing":{}}"#,
        r#"{"senders":[{"kind":1,"address":"+1"},{"kind":"ADDRESS_KIND_WEB","address":"v"}],"typing":{}}"#,
        r#"{"senders":[null],"typing":{}}"#,
        r#"{"senders":{},"typing":{}}"#,
        r#"{"profile":[],"typing":{}}"#,
        r#"{"profile":"x","typing":{}}"#,
        r#"{"typing":{},"visitEnd":{}}"#,
        r#"{"typing":{},"visitEnd":null}"#,
        r#"{"call":{"state":"CALL_STATE_ENDED","durationS":"12"}}"#,
        r#"{"call":{"durationS":4294967296}}"#,
        r#"{"call":{"durationS":-1}}"#,
        r#"{"message":{"content":{"parts":[{"location":{"latitude":"52.5","longitude":-1}},{}]}}}"#,
        r#"{"message":{"content":{"parts":[{"location":{"latitude":"NaN","longitude":"-Infinity"}}]}}}"#,
        r#"{"message":{"content":{"parts":[{"location":{"latitude":"north"}}]}}}"#,
        r#"{"message":{"content":{"parts":[{"attachment":{"bytes":"18446744073709551615"}}]}}}"#,
        r#"{"message":{"content":{"parts":[{"template":{"parameters":["a","","c"]}}]}}}"#,
        r#"{"message":{"content":{"parts":[{"template":{"parameters":["a",1]}}]}}}"#,
        r#"{"message":{"content":{"text":"é\ud83d\ude00\n"},"part":{"number":1,"count":2}}}"#,
        r#"{"nothing":1}"#,
        r#"{"message":{"content":{"txt":"a"}}}"#,
        "{}",
        "[]",
        "null",
        "7",
        "",
        r#"{"typing":{}} x"#,
        r#"{"typing":{}"#,
    ] {
        // NaN is no equal of itself: bytes are compared.
        let bytes = |event: InboundEvent| event.encode_to_vec();
        assert_eq!(ours(text).ok().map(bytes), theirs(text).map(bytes), "{text}");
    }
}

#[test]
fn long_values_get_long_lengths() {
    for length in [0, 1, 100, 127, 128, 16_383, 16_384, 100_000] {
        let text = format!(r#"{{"message":{{"content":{{"text":"{}"}},"quoted":"q"}}}}"#, "x".repeat(length));
        assert_eq!(ours(&text).ok(), theirs(&text), "{length}");
    }
}

#[test]
fn a_path_says_where_in_a_list_a_name_is_wrong() {
    let text = r#"{"message":{"content":{"parts":[{"location":{}},{"location":{"lat":1}}]}}}"#;
    assert_eq!(ours(text), Err(Refusal::UnknownField { path: "message.content.parts[1].location.lat".to_owned() }));
    let text = r#"{"senders":[{"address":"a","address":"b"}]}"#;
    assert_eq!(ours(text), Err(Refusal::DuplicateKey { path: "senders[0].address".to_owned() }));
}

#[test]
fn an_event_of_more_parts_than_anybody_sends_is_refused_in_both_formats() {
    let text = format!(r#"{{"message":{{"content":{{"parts":[{}]}}}}}}"#, vec!["{}"; 20_000].join(","));
    assert!(matches!(from_json(text.as_bytes()), Err(Refusal::TooMany { .. })));
    let parts = ours(&text).expect("the reader itself has no such limit").encode_to_vec();
    assert!(matches!(from_protobuf(&parts), Err(Refusal::TooMany { .. })));
    let names = format!(
        r#"{{"message":{{"content":{{"parts":[{{"template":{{"parameters":[{}]}}}}]}}}}}}"#,
        vec!["\"\""; 100_000].join(",")
    );
    assert!(matches!(from_json(names.as_bytes()), Err(Refusal::TooMany { .. })));
}
