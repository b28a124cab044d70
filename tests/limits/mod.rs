//! How often a key may call: a burst, a steady rate, and never more than the burst in ten seconds, in every
//! dialect and through any number of processes.

mod alone;
mod fleet;
mod shared;

use countersign::config::RateLimit;
use countersign_tests::world::{Answer, World, answer};
use reqwest::StatusCode;

/// What the seed promises.
const RATE: RateLimit = RateLimit { per_minute: 100, burst: 200 };

/// What costs little to ask for.
const PATH: &str = "/api/v1/esignature/requests?page[size]=1";

/// A system that limits its keys.
async fn limited() -> World {
    World::changed(|settings| settings.rate_limit = Some(RATE)).await
}

/// A call of the API at an address, with the world's key.
async fn call_at(world: &World, base: &str, path: &str) -> Answer {
    answer(world.client.get(format!("{base}{path}")).bearer_auth(&world.key)).await
}

/// A call that costs little.
async fn call(world: &World) -> Answer {
    call_at(world, &world.app.service.settings.public_url, PATH).await
}

/// Calls until one is refused; how many were not, and the one that was.
async fn until_refused(world: &World) -> (usize, Answer) {
    until_refused_at(world, &world.app.service.settings.public_url).await
}

/// The same, of the process at an address.
async fn until_refused_at(world: &World, base: &str) -> (usize, Answer) {
    let mut admitted = 0;
    loop {
        let answer = call_at(world, base, PATH).await;
        match answer.status {
            StatusCode::OK => admitted += 1,
            StatusCode::TOO_MANY_REQUESTS => return (admitted, answer),
            status => panic!("{status} {:#}", answer.json),
        }
    }
}

/// A header that is a whole number.
fn number(answer: &Answer, name: &str) -> u64 {
    let value = answer.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", answer.headers));
    value.to_str().unwrap().parse().unwrap()
}
