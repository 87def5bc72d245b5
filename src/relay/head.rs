//! Heads of requests and responses, and what of them belongs to one connection only.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, Uri, Version, request, response};

use super::frame::{Head, Start, bytes_of};
use super::limits::HEAD_BYTES;

/// Headers that say something about a connection, or about a body that goes on in other pieces.
const OF_CONNECTION: [HeaderName; 7] = [
    CONNECTION,
    CONTENT_LENGTH,
    HOST,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The head of a request, or none where it is larger than is carried.
pub(super) fn of_request(parts: request::Parts) -> Option<Head> {
    let path = parts.uri.path_and_query()?.clone();
    let size = path.as_str().len() + parts.method.as_str().len();
    carried(Start::Request { method: parts.method, path }, parts.headers, size)
}

/// The head of a response, or none where it is larger than is carried.
pub(super) fn of_response(parts: response::Parts) -> Option<Head> {
    carried(Start::Response { status: parts.status }, parts.headers, 0)
}

fn carried(start: Start, mut headers: HeaderMap, size: usize) -> Option<Head> {
    for name in &OF_CONNECTION {
        headers.remove(name);
    }
    (bytes_of(&headers) + size <= HEAD_BYTES).then_some(Head { start, headers })
}

/// A request that begins so; none if it is a response that does.
pub(super) fn to_request<B>(head: Head, body: B) -> Option<Request<B>> {
    let Start::Request { method, path } = head.start else { return None };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(path);
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = head.headers;
    Some(request)
}

/// A response that begins so; a request for an answer is a fault of the other side.
pub(super) fn to_response<B>(head: Head, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = match head.start {
        Start::Response { status } => status,
        Start::Request { .. } => StatusCode::BAD_GATEWAY,
    };
    *response.headers_mut() = head.headers;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_request_arrives_without_what_belongs_to_its_connection() {
        let built = Request::post("http://node-1:7100/a.B/C?d=e")
            .header("host", "node-1")
            .header("content-length", "7")
            .header("te", "trailers")
            .header("skein-agent", "ana");
        let (parts, ()) = built.body(()).unwrap().into_parts();
        let request = to_request(of_request(parts).unwrap(), ()).unwrap();
        assert_eq!(request.uri(), "/a.B/C?d=e");
        let names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["te", "skein-agent"]);
    }

    #[test]
    fn a_head_larger_than_a_frame_takes_is_not_carried() {
        let (mut parts, ()) = Request::post("/a").body(()).unwrap().into_parts();
        parts.headers.insert("a", HeaderValue::from_maybe_shared(vec![b'x'; HEAD_BYTES]).unwrap());
        assert_eq!(of_request(parts), None);
    }
}
