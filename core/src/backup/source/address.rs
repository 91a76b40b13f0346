//! What a source is called: `scheme://user:password@host:port/database?key=value`. A password never leaves this file but
//! to the client's own secret place.

use crate::error::{Code, Error, Result};

/// A parsed address.
#[derive(Clone, Default)]
pub(in crate::backup) struct Address {
    pub(in crate::backup) scheme: String,
    pub(in crate::backup) user: Option<String>,
    pub(in crate::backup) password: Option<String>,
    pub(in crate::backup) host: Option<String>,
    pub(in crate::backup) port: Option<u16>,
    pub(in crate::backup) database: Option<String>,
    /// In the order they stand.
    pub(in crate::backup) settings: Vec<(String, String)>,
}

impl Address {
    /// Parses an address; errors never show a password.
    pub(in crate::backup) fn parse(source: &str) -> Result<Address> {
        let bad = |what: &str| {
            Error::new(Code::BadSource, mask(source)).with_hints(what.to_owned(), what.to_owned())
        };
        let (scheme, rest) = source.split_once("://").ok_or_else(|| bad("scheme://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = place.rsplit_once('@').unwrap_or(("", place));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let (host, port) = match place.rfind(':') {
            Some(at) if !place[at..].contains(']') => (&place[..at], Some(&place[at + 1..])),
            _ => (place, None),
        };
        let text = |part: &str| -> Result<Option<String>> {
            if part.is_empty() { Ok(None) } else { decode(part).map(Some).ok_or_else(|| bad("%XX")) }
        };
        let mut address = Address {
            scheme: scheme.to_owned(),
            user: text(user)?,
            password: password.map(text).transpose()?.flatten(),
            host: text(host.trim_start_matches('[').trim_end_matches(']'))?,
            port: match port.filter(|p| !p.is_empty()) {
                Some(port) => Some(port.parse().map_err(|_| bad(&format!("port \"{port}\"")))?),
                None => None,
            },
            database: text(database)?,
            settings: Vec::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| bad("?key=value"))?;
            let (key, value) = (text(key)?.unwrap_or_default(), text(value)?.unwrap_or_default());
            if key == "password" {
                address.password = Some(value);
            } else {
                address.settings.push((key, value));
            }
        }
        Ok(address)
    }

    /// Takes a setting out.
    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let at = self.settings.iter().position(|(k, _)| k == key)?;
        Some(self.settings.remove(at).1)
    }
}

/// `%41` becomes `A`.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let (high, low) =
                (char::from(bytes.next()?).to_digit(16)?, char::from(bytes.next()?).to_digit(16)?);
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(b);
        }
    }
    let text = String::from_utf8(out).ok()?;
    // An option of a client, a line of an option file: a control character would end it.
    if text.chars().any(char::is_control) { None } else { Some(text) }
}

/// The source with its password masked, for people.
pub(crate) fn mask(source: &str) -> String {
    let Some((scheme, rest)) = source.split_once("://") else { return source.to_owned() };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    // A password may hold a slash that was not encoded: everything before the last `@` belongs to the login.
    let rest = match rest.rsplit_once('@') {
        Some((login, place)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:***@{place}"),
            None => format!("{login}@{place}"),
        },
        None => rest.to_owned(),
    };
    let query = query.map(|query| {
        let parts: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((key, _)) if key.to_ascii_lowercase().contains("pass") => format!("{key}=***"),
                _ => pair.to_owned(),
            })
            .collect();
        format!("?{}", parts.join("&"))
    });
    format!("{scheme}://{rest}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_masks() {
        let a = Address::parse("postgresql://u%40x:p%3Aw@h:5433/d?host=/s&password=q").unwrap();
        assert_eq!((a.user.as_deref(), a.password.as_deref()), (Some("u@x"), Some("q")));
        assert_eq!((a.host.as_deref(), a.port, a.database.as_deref()), (Some("h"), Some(5433), Some("d")));
        assert_eq!(a.settings, [("host".to_owned(), "/s".to_owned())]);
        let a = Address::parse("mariadb://[::1]:3306/d").unwrap();
        assert_eq!((a.host.as_deref(), a.port), (Some("::1"), Some(3306)));
        assert_eq!(
            mask("mariadb://u:p/q@h/d?ssl=1&sslpassword=s"),
            "mariadb://u:***@h/d?ssl=1&sslpassword=***"
        );
        assert_eq!(mask("sqlite:/x:y@z"), "sqlite:/x:y@z");
        for bad in
            ["postgresql://u:secret@h:x/d", "postgresql:u", "mariadb://u:secret@h/d%0a", "mariadb://h/d?x"]
        {
            let error = Address::parse(bad).err().unwrap();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
