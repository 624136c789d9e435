//! Makes the fixtures: the same seed and clock give the same rows.
//!
//! Same shape, id ranges and rough counts as the full fixtures. City names and coordinates are from GeoNames
//! (CC BY 4.0, see LICENSES.md); everything else is invented. Must not know HTTP.

use std::collections::HashSet;

use crate::cdn;
use crate::model::{Comment, Hashtag, Id, Media, Place, Rows, Story, User};
use crate::rng::Rng;

mod words;

use words::{ADJ, BIZ, FIRST, LAST, TAGS, TALK, WORDS};

const CITIES: &str = include_str!("../data/cities.tsv");
const SEED: u64 = 20_190_807;
const VENUES: usize = 2_400;
const USERS: usize = 2_500;
const MEDIA: usize = 8_000;
const STORIES: usize = 2_400;
const COMMENTS: usize = 5_200;
const PAGING_POSTS: usize = 57;
const DAY: f64 = 86_400.0;

/// All rows, aged against `now`.
pub(crate) fn rows(now: i64) -> Rows {
    let mut maker = Maker { rng: Rng::new(SEED), now, rows: Rows::default() };
    maker.places();
    maker.users();
    maker.hashtags();
    maker.media();
    maker.stories();
    maker.comments();
    maker.rows
}

struct Maker {
    rng: Rng,
    now: i64,
    rows: Rows,
}

impl Maker {
    fn word(&mut self, list: &'static str, by: char) -> &'static str {
        let at = self.rng.below(list.split(by).count());
        list.split(by).nth(at).unwrap_or_default()
    }

    /// A moment `seconds` before now.
    #[allow(clippy::cast_possible_truncation, reason = "ages of months fit")]
    fn ago(&self, seconds: f64) -> i64 {
        self.now - seconds as i64
    }

    fn places(&mut self) {
        let mut places: Vec<Place> = CITIES.lines().filter_map(city).collect();
        let cities = places.len();
        for i in 0..VENUES {
            let at = self.rng.decay(60.0, 240.min(cities));
            let Some(city) = places.get(at).cloned() else { continue };
            let kind = self.word(BIZ, ',');
            let number = 300_000_000 + i * 7 + self.rng.below(6);
            places.push(Place {
                id: format!("2{number:011}").into(),
                name: format!("{} {kind}, {}", self.word(ADJ, ','), city.name),
                category: kind.to_lowercase().replace(' ', "_"),
                latitude: round(city.latitude + self.rng.gauss(0.03)),
                longitude: round(city.longitude + self.rng.gauss(0.04)),
                city_id: Some(city.id),
                ..city
            });
        }
        self.rows.places = places;
    }

    fn venue(&mut self, at: usize) -> Option<Place> {
        let cities = self.rows.places.len().saturating_sub(VENUES);
        self.rows.places.get(cities + at).cloned()
    }

    fn users(&mut self) {
        let mut taken = HashSet::new();
        for i in 0..USERS {
            let at = self.rng.below(VENUES);
            let Some(home) = self.venue(at) else { continue };
            let (kind, mean) = match self.rng.below(10) {
                0..7 => ("PERSONAL", 5.2),
                7..9 => ("BUSINESS", 7.5),
                _ => ("CREATOR", 9.5),
            };
            let (name, mut username) = self.names(kind, &home);
            while !taken.insert(username.clone()) {
                username.push_str(&self.rng.below(10).to_string());
            }
            let number = 400_000_000_000 + i * 1009 + self.rng.below(900);
            let city = home.name.rsplit(", ").next().unwrap_or_default();
            let row = User {
                id: format!("17841{number:012}").into(),
                name,
                is_private: kind == "PERSONAL" && self.rng.chance(0.25),
                biography: Some(format!("{}. {city}", self.word(WORDS, '|'))),
                followers_count: self.rng.lognormal(mean, 1.2),
                follows_count: self.rng.lognormal(5.3, 0.8),
                website: (kind != "PERSONAL").then(|| format!("https://{username}.example")),
                account_type: kind.to_owned(),
                home_location_id: Some(home.id),
                media_count: 0,
                username,
            };
            self.rows.users.push(row);
        }
    }

    fn names(&mut self, kind: &str, home: &Place) -> (String, String) {
        if kind == "BUSINESS" {
            let name = home.name.split(',').next().unwrap_or_default().to_owned();
            let username = name.to_lowercase().replace(' ', "_");
            return (name, username);
        }
        let (first, last) = (self.word(FIRST, ' '), self.word(LAST, ' '));
        let joint = self.rng.pick(&["", ".", "_"]).copied().unwrap_or_default();
        (format!("{} {}", title(first), title(last)), format!("{first}{joint}{last}"))
    }

    fn hashtags(&mut self) {
        let tag = |(i, name): (usize, &str)| Hashtag {
            id: format!("17843{:012}", 800_000_000_000 + i * 131).into(),
            name: name.to_owned(),
        };
        self.rows.hashtags = TAGS.split(' ').enumerate().map(tag).collect();
    }

    /// Who posted what: professionals five times as often, and the paging user exactly 57 times.
    fn owners(&mut self) -> Vec<usize> {
        let users = &self.rows.users;
        let first = users.iter().position(|u| u.account_type == "BUSINESS").unwrap_or(0);
        let weighed: Vec<usize> = users
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != first)
            .flat_map(|(at, u)| std::iter::repeat_n(at, if u.is_professional() { 5 } else { 1 }))
            .collect();
        let mut owners: Vec<usize> =
            (0..MEDIA).filter_map(|_| self.rng.pick(&weighed).copied()).collect();
        for k in 0..PAGING_POSTS {
            if let Some(slot) = owners.get_mut(k * 131 + 17) {
                *slot = first;
            }
        }
        self.rows.paging_user = self.rows.users.get(first).map(|u| u.id.clone());
        owners
    }

    fn media(&mut self) {
        for (i, at) in self.owners().into_iter().enumerate() {
            let Some(user) = self.rows.users.get_mut(at) else { continue };
            user.media_count += 1;
            let (owner_id, username, home) =
                (user.id.clone(), user.username.clone(), user.home_location_id.clone());
            let id = format!("17900{:012}", 100_000_000_000 + i * 613 + self.rng.below(500));
            let media_type = match self.rng.below(100) {
                0..70 => "IMAGE",
                70..88 => "VIDEO",
                _ => "CAROUSEL_ALBUM",
            };
            let reel = media_type == "VIDEO" && self.rng.chance(0.6);
            let items = if media_type == "CAROUSEL_ALBUM" { 2 + self.rng.below(3) } else { 0 };
            let age = self.rng.unit().powi(2) * 90.0 * DAY;
            let media = Media {
                owner_id,
                username,
                media_type: media_type.to_owned(),
                media_product_type: if reel { "REELS" } else { "FEED" }.to_owned(),
                caption: Some(self.caption()),
                timestamp: self.ago(age),
                media_url: None,
                permalink: cdn::permalink(&id),
                like_count: self.rng.lognormal(3.5, 1.3),
                comments_count: 0,
                location_id: self.whereabouts(home),
                children: (1..=items).map(|k| Id::from(format!("{id}{k}"))).collect(),
                comments_off: false,
                id: id.into(),
            };
            self.rows.media.push(media);
        }
    }

    fn caption(&mut self) -> String {
        let mut caption = self.word(WORDS, '|').to_owned();
        for _ in 0..self.rng.below(4) {
            let tag = format!(" #{}", self.word(TAGS, ' '));
            if !caption.contains(&tag) {
                caption.push_str(&tag);
            }
        }
        caption
    }

    fn whereabouts(&mut self, home: Option<Id>) -> Option<Id> {
        if !self.rng.chance(0.62) {
            return None;
        }
        if self.rng.chance(0.35) {
            return home;
        }
        if self.rng.chance(0.8) {
            let at = self.rng.decay(500.0, VENUES);
            return self.venue(at).map(|p| p.id);
        }
        let at = self.rng.below(300);
        self.rows.places.get(at).map(|p| p.id.clone())
    }

    /// Gone after 24 h; a quarter of them are still live.
    fn stories(&mut self) {
        for i in 0..STORIES {
            let Some(user) = self.rng.pick(&self.rows.users).cloned() else { continue };
            let live = self.rng.chance(0.25);
            let age = self.rng.unit() * DAY * if live { 1.0 } else { 29.0 }
                + if live { 0.0 } else { DAY };
            let timestamp = self.ago(age);
            let number = 10_000_000_000_000 + i * 977 + self.rng.below(800);
            let place = self.rng.chance(0.3).then(|| self.rng.below(VENUES));
            let row = Story {
                id: format!("18{number:015}").into(),
                owner_id: user.id,
                username: user.username,
                account_type: user.account_type,
                media_type: if self.rng.chance(0.5) { "IMAGE" } else { "VIDEO" }.to_owned(),
                timestamp,
                expires_at: timestamp + 86_400,
                media_url: None,
                location_id: place.and_then(|at| self.venue(at)).map(|p| p.id),
            };
            self.rows.stories.push(row);
        }
    }

    fn comments(&mut self) {
        for i in 0..COMMENTS {
            let at = self.rng.decay(1800.0, self.rows.media.len());
            let Some(user) = self.rng.pick(&self.rows.users).cloned() else { continue };
            let parent = if self.rng.chance(0.1) {
                self.rng.pick(&self.rows.comments).cloned()
            } else {
                None
            };
            let age = self.rng.unit() * 30.0 * DAY;
            // A reply stands under the post of the comment it answers.
            let media_id = match &parent {
                Some(parent) => parent.media_id.clone(),
                None => match self.rows.media.get_mut(at) {
                    Some(media) => {
                        media.comments_count += 1;
                        media.id.clone()
                    }
                    None => continue,
                },
            };
            let number = 200_000_000_000 + i * 311 + self.rng.below(300);
            let row = Comment {
                id: format!("17870{number:012}").into(),
                media_id,
                from_id: user.id,
                username: user.username,
                text: self.word(TALK, '|').to_owned(),
                timestamp: self.ago(age),
                parent_id: parent.map(|p| p.parent_id.unwrap_or(p.id)),
                hidden: false,
            };
            self.rows.comments.push(row);
        }
    }
}

fn city(line: &str) -> Option<Place> {
    let mut cells = line.split('\t');
    Some(Place {
        id: cells.next()?.into(),
        name: cells.next()?.to_owned(),
        category: "city".to_owned(),
        latitude: cells.next()?.parse().ok()?,
        longitude: cells.next()?.parse().ok()?,
        country_code: cells.next()?.to_owned(),
        timezone: cells.next()?.to_owned(),
        city_id: None,
    })
}

fn title(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn round(degrees: f64) -> f64 {
    (degrees * 1e5).round() / 1e5
}
