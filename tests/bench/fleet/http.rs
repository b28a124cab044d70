//! Workflows through HTTP, by so many processes on one database; the load generator is this program.

use std::sync::Arc;
use std::time::Duration;

use countersign::clock::Clock;
use countersign::http::auth::{Permission, new_key};
use futures_util::future::join_all;

use super::crew::{Ground, Hand};
use crate::house::House;
use crate::http::{CONNECTIONS, Client, drive};

/// A key of the organization that calls.
pub(crate) async fn key(house: &House) -> String {
    let (row, key) = new_key("acme".parse().unwrap(), "bench".to_owned(), &Permission::ALL, Clock::System.now());
    house.service.store.insert_key(&row).await.unwrap();
    key
}

/// Workflows completed per second, the connections spread evenly.
pub(crate) async fn rate(ground: &Ground, key: &str, processes: usize, slice: Duration) -> f64 {
    let (mut hands, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..processes {
        let mut hand = Hand::hire(ground, &["http".to_owned()]).await;
        clients.push(Arc::new(Client::new(hand.told().await, key.to_owned(), false)));
        hands.push(hand);
    }
    let driven = join_all(clients.iter().map(|client| drive(client, CONNECTIONS / processes, slice))).await;
    for hand in hands {
        hand.dismiss().await;
    }
    driven.into_iter().map(|(rate, _)| rate).sum()
}
