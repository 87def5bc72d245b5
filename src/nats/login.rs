//! User and password in the address of a server, `nats://user:password@host`: the client library reads such an address and leaves
//! them out when it connects.

use async_nats::ConnectOptions;

/// Options with the login that the first of the addresses with one names. User and password are percent-decoded.
#[must_use]
pub fn with_login<'s>(options: ConnectOptions, servers: impl IntoIterator<Item = &'s str>) -> ConnectOptions {
    match servers.into_iter().find_map(login) {
        Some((user, password)) => options.user_and_password(user, password),
        None => options,
    }
}

fn login(server: &str) -> Option<(String, String)> {
    let (_, rest) = server.split_once("://").unwrap_or(("", server));
    let authority = rest.split(['/', '?', '#']).next()?;
    let (login, _host) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    (!user.is_empty()).then(|| (decoded(user), decoded(password)))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_those_of_the_address() {
        let found = |server: &str| login(server);
        let both = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(found("nats://ops:hush@bus:4222"), both("ops", "hush"));
        assert_eq!(found("ops:p%40ss%3a%@bus"), both("ops", "p@ss:%"));
        assert_eq!(found("tls://ops@bus/"), both("ops", ""));
        for none in ["nats://bus:4222", "nats://bus/a@b", "nats://@bus"] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}
