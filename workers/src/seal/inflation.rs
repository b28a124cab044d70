//! How much a document unpacks to: every stream is inflated into nothing and counted, because a small file may hold
//! more than any reader can.

use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::{Document, Object, Stream};

use super::inspect::{
    MAX_FILTERS_PER_STREAM, MAX_HELD_STREAM_BYTES, MAX_INFLATED_BYTES, MAX_INFLATED_IMAGE_BYTES, Unsignable,
};

/// Refuses what unpacks to more than all streams may.
pub(super) fn check(document: &Document) -> Result<(), Unsignable> {
    let (mut rest, mut images_rest) = (MAX_INFLATED_BYTES, MAX_INFLATED_IMAGE_BYTES);
    for object in document.objects.values() {
        let Object::Stream(stream) = object else {
            continue;
        };
        let is_image = stream.dict.get_deref(b"Subtype", document).and_then(Object::as_name).ok() == Some(b"Image");
        let budget = if is_image { &mut images_rest } else { &mut rest };
        let size = inflated_size(document, stream, *budget)?;
        *budget = budget.checked_sub(size).ok_or(Unsignable::InflatesTooMuch)?;
    }
    Ok(())
}

fn inflated_size(document: &Document, stream: &Stream, budget: u64) -> Result<u64, Unsignable> {
    let filters: Vec<&[u8]> = match stream.dict.get_deref(b"Filter", document) {
        Ok(Object::Name(name)) => vec![name.as_slice()],
        Ok(Object::Array(names)) => {
            names.iter().filter_map(|name| document.dereference(name).ok()?.1.as_name().ok()).collect()
        }
        _ => Vec::new(),
    };
    if filters.len() > MAX_FILTERS_PER_STREAM {
        return Err(Unsignable::InflatesTooMuch);
    }
    let flates = filters.iter().take_while(|filter| **filter == b"FlateDecode").count();
    let image_codecs: [&[u8]; 4] = [b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode"];
    if filters.get(flates).is_none_or(|filter| image_codecs.contains(filter)) {
        // Chained readers hold a few kilobytes each, however much flows through them.
        let mut reader: Box<dyn Read + '_> = Box::new(stream.content.as_slice());
        for _ in 0..flates {
            reader = Box::new(ZlibDecoder::new(reader));
        }
        return Ok(count(reader, budget));
    }
    let limit = MAX_HELD_STREAM_BYTES.min(usize::try_from(budget).unwrap_or(usize::MAX));
    match stream.decompressed_content_with_limit(limit) {
        Ok(content) => Ok(content.len() as u64),
        Err(lopdf::Error::Decompress(_)) => Err(Unsignable::InflatesTooMuch),
        // An unknown or broken filter yields nothing here, and nothing in a reader either.
        Err(_) => Ok(0),
    }
}

/// Counts what flows out, up to one byte more than the budget; a broken stream ends where it breaks.
fn count(reader: Box<dyn Read + '_>, budget: u64) -> u64 {
    let mut limited = reader.take(budget.saturating_add(1));
    let mut buffer = [0_u8; 64 * 1024];
    let mut total = 0_u64;
    while let Ok(read) = limited.read(&mut buffer) {
        if read == 0 {
            break;
        }
        total = total.saturating_add(read as u64);
    }
    total
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use lopdf::dictionary;

    use super::super::inspect::inspect;
    use super::super::testing::Draft;
    use super::*;

    fn deflated(content: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_in_a_bomb_is_refused() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        for _ in 0..300 {
            encoder.write_all(&[0; 1024 * 1024]).unwrap();
        }
        let bomb = deflated(&encoder.finish().unwrap());
        assert!(bomb.len() < 4096);
        let twice = || vec![Object::Name(b"FlateDecode".to_vec()), Object::Name(b"FlateDecode".to_vec())];
        let mut draft = Draft::new();
        draft.document.add_object(Stream::new(dictionary! { "Filter" => twice() }, bomb.clone()));
        assert_eq!(inspect(&draft.classic()), Err(Unsignable::InflatesTooMuch));
        let mut draft = Draft::new();
        let objects = dictionary! { "Type" => "ObjXtm", "N" => 1, "First" => 4, "Filter" => twice() };
        draft.document.add_object(Stream::new(objects, bomb));
        // Under a false name, because the writer drops object streams of others.
        let mut bytes = draft.classic();
        let place = bytes.windows(6).position(|window| window == b"ObjXtm").unwrap();
        bytes[place + 3] = b'S';
        assert_eq!(inspect(&bytes), Err(Unsignable::InflatesTooMuch));
    }

    #[test]
    fn too_many_filters_are_refused() {
        let mut draft = Draft::new();
        let many = vec![Object::Name(b"ASCIIHexDecode".to_vec()); 5];
        draft.document.add_object(Stream::new(dictionary! { "Filter" => many }, b"00>".to_vec()));
        assert_eq!(inspect(&draft.classic()), Err(Unsignable::InflatesTooMuch));
    }
}
