use super::*;
use crate::error::Lang;

fn refused(operation: &str, json: &str) -> String {
    let mut tell = |_: &crate::backup::Progress| true;
    let mut watch = Watch::new(0, &mut tell);
    run(None, operation, json, &mut watch).unwrap_err().text(Lang::En)
}

#[test]
fn wrong_options_name_the_key_and_the_value() {
    for (operation, json, words) in [
        ("check", "{}", "\"check\""),
        ("verify", "{\"paht\":\"x\"}", "paht"),
        ("verify", "{\"path\":7}", "invalid type"),
        ("verify", "{}", "path is missing"),
        ("verify", "{\"path\":\"x\",\"level\":\"L3\"}", "level = L3"),
        ("verify", "{\"path\":\"x\",\"sample\":\"5/4\"}", "sample \"5/4\""),
        ("verify", "{\"path\":\"x\",\"io_limit\":\"50\\u00b5\"}", "io_limit"),
        ("verify", "{\"path\":\"x\",\"io_limit\":\"0\"}", "io_limit = 0"),
        ("drill", "{\"path\":\"x\",\"rto\":\"soon\"}", "rto"),
        ("compare", "{\"platform\":\"sqlite:a\"}", "standby is missing"),
        ("compare", "{\"platform\":\"sqlite:a\",\"standby\":\"sqlite:b\",\"recheck\":\"-5s\"}", "recheck"),
        ("seal", "{\"path\":\"\"}", "path is missing"),
        ("status", "[]", "not a JSON object"),
    ] {
        let text = refused(operation, json);
        assert!(text.contains(words), "{operation} {json}: {text}");
    }
}
