//! How messages of calls are written and read: as everywhere with gRPC, in smaller buffers.
//!
//! The transport's own codec takes 8 KiB for what a call is to send and 8 KiB for what it is to receive as soon as it begins, until it ends.
//! Calls that last for hours with a few bytes now and then are most of what a daemon has open.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::{ProstCodec, ProstDecoder};

/// Bytes that a call has room for before it needs more: commands and acknowledgements are smaller.
const ROOM: usize = 512;
/// Bytes of messages that go to the transport together, about: as with the transport's own codec.
const TOGETHER: usize = 32 << 10;

/// Writes `T`, reads `U`.
pub(crate) struct SmallCodec<T, U>(PhantomData<fn(T) -> U>);

impl<T, U> Default for SmallCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + 'static, U: Message + Default + 'static> Codec for SmallCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = SmallEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> SmallEncoder<T> {
        SmallEncoder(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstCodec::<T, U>::raw_decoder(settings())
    }
}

fn settings() -> BufferSettings {
    BufferSettings::new(ROOM, TOGETHER)
}

/// Writes `T`.
pub(crate) struct SmallEncoder<T>(PhantomData<fn(T)>);

impl<T: Message> Encoder for SmallEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        // At once: while a buffer grows a large message is copied again and again.
        to.reserve(message.encoded_len());
        message.encode(to).map_err(|error| Status::internal(error.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        settings()
    }
}
