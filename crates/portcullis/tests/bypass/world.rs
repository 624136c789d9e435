//! What there is to be had at the platform, and the words by which each piece of it is known again.
//!
//! All of it is asked of the platform itself, with its own token. Must not know gates or cases.

use serde_json::Value;

use crate::platform::{Platform, TOKEN};
use crate::talk::{Ask, Talk, percent};

/// Something by which a piece of data is known in an answer, however it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    Text(String),
    /// A number that is the value of a member.
    Number(String),
}

impl Mark {
    pub(crate) fn stands_in(&self, text: &str) -> bool {
        match self {
            Self::Text(mark) => text.contains(mark.as_str()),
            Self::Number(digits) => text.match_indices(digits.as_str()).any(|(at, _)| {
                let before = text[..at].trim_end().chars().next_back();
                let after = text[at + digits.len()..].chars().next();
                before == Some(':') && !after.is_some_and(|c| c.is_ascii_digit() || c == '.')
            }),
        }
    }
}

pub(crate) type Marks = Vec<Mark>;

/// An account, and what is told of it to nobody without standing.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) bio: Marks,
    pub(crate) followers: Marks,
    /// Its stories by what a list shows: id, link and picture.
    pub(crate) stories: Marks,
    /// By what shows where the id was known before: link and picture.
    pub(crate) pictures: Marks,
}

/// A place, and the ids of its posts, newest first.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) at: (f64, f64),
    pub(crate) posts: Vec<String>,
}

impl Spot {
    /// Its posts but for so many of the newest.
    pub(crate) fn beyond(&self, count: usize) -> Marks {
        self.posts.iter().skip(count).map(|id| Mark::Text(id.clone())).collect()
    }
}

/// What cases are made of.
pub(crate) struct World {
    /// Authorised every partner that has accounts.
    pub(crate) me: Account,
    /// Does business, and authorised nobody.
    pub(crate) baker: Account,
    /// A private person, who authorised those who ask for stories.
    pub(crate) person: Account,
    /// Does business, and is declared as a brand.
    pub(crate) brand: Account,
    /// Declared wherever places are.
    pub(crate) hotel: Spot,
    /// Declared by those who count.
    pub(crate) museum: Spot,
    /// Declared by nobody. The account `me` lives there; the baker told a story and posted there.
    pub(crate) square: Spot,
    /// Thirty other places.
    pub(crate) venues: Vec<String>,
    /// Forty other accounts that do business, by name.
    pub(crate) names: Vec<String>,
    pub(crate) tag: String,
    pub(crate) tag_name: String,
    /// A post of `me`, and one of the baker's at the square, under the hashtag.
    pub(crate) post: String,
    pub(crate) baker_post: String,
    pub(crate) baker_carousel: String,
    /// A post whose caption is a list of fields, and one whose caption is an id.
    pub(crate) trick_fields: String,
    pub(crate) trick_id: String,
    /// One whose caption is a path, and one whose caption is a list of ids.
    pub(crate) trick_path: String,
    pub(crate) trick_ids: String,
    /// A comment of a stranger, and one under the baker's post.
    pub(crate) comment: String,
    pub(crate) stranger: Account,
    pub(crate) comment_at_baker: String,
    pub(crate) baker_story: String,
    pub(crate) own_story: String,
    pub(crate) person_story: String,
    pub(crate) expired_story: String,
    pub(crate) expired: Marks,
    pub(crate) cursor_at_hotel: String,
}

impl World {
    /// A text with ids in the places of their names.
    pub(crate) fn filled(&self, text: &str) -> String {
        let square_name = self.square.name.replace(' ', "+");
        let names = [
            ("<me>", &self.me.id),
            ("<baker>", &self.baker.id),
            ("<person>", &self.person.id),
            ("<brand>", &self.brand.id),
            ("<hotel>", &self.hotel.id),
            ("<square>", &self.square.id),
            ("<square_name>", &square_name),
            ("<tag>", &self.tag),
            ("<comment>", &self.comment),
            ("<comment_at_baker>", &self.comment_at_baker),
            ("<baker_post>", &self.baker_post),
            ("<baker_carousel>", &self.baker_carousel),
            ("<baker_story>", &self.baker_story),
            ("<own_story>", &self.own_story),
            ("<person_story>", &self.person_story),
            ("<expired_story>", &self.expired_story),
        ];
        let filled = names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        assert!(!filled.contains(['<', '>']), "no such name: {filled}");
        filled
    }

    /// What is told of an account, of the square or in an expired story, by its name.
    pub(crate) fn marks(&self, name: &str) -> Marks {
        let Some((account, what)) = name.split_once('.') else {
            return match name {
                "square" => self.square.beyond(0),
                "expired" => self.expired.clone(),
                _ => panic!("no such marks: {name}"),
            };
        };
        let account = match account {
            "me" => &self.me,
            "baker" => &self.baker,
            "person" => &self.person,
            "brand" => &self.brand,
            "stranger" => &self.stranger,
            _ => panic!("no such account: {name}"),
        };
        let marks = match what {
            "bio" => &account.bio,
            "followers" => &account.followers,
            "stories" => &account.stories,
            "pictures" => &account.pictures,
            _ => panic!("nothing such of an account: {name}"),
        };
        marks.clone()
    }
}

/// The platform, asked with its own token.
struct Asking(Talk);

impl Asking {
    fn get(&mut self, target: impl AsRef<str>) -> Value {
        let target = target.as_ref();
        let answer = self.0.get(target);
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.json()
    }

    fn post(&mut self, target: &str, form: &str) -> String {
        let answer = self.0.say(&Ask::post(target).form(form));
        assert_eq!(answer.status, 200, "{target} {form}: {}", answer.text());
        text(&answer.json(), "/id")
    }

    /// Prepares something, waits for it and publishes it.
    fn publish(&mut self, account: &str, form: &str) -> String {
        let container = self.post(&format!("/{account}/media"), form);
        self.get(format!("/{container}?fields=status_code"));
        self.post(&format!("/{account}/media_publish"), &format!("creation_id={container}"))
    }

    fn account(&mut self, id: &str) -> Account {
        let got = self.get(format!("/{id}?fields=id,username,biography,followers_count"));
        let told = self.get(format!("/{id}/stories?fields=id,media_url,thumbnail_url&limit=100"));
        let (mut stories, mut pictures) = (Vec::new(), Vec::new());
        for story in told["data"].as_array().unwrap() {
            stories.push(Mark::Text(text(story, "/id")));
            for member in ["/media_url", "/thumbnail_url"] {
                let url = story.pointer(member).and_then(Value::as_str).unwrap_or_default();
                pictures.extend(url.split_once("oh=").map(|(_, oh)| Mark::Text(oh.to_owned())));
            }
            let link = format!("stories/{}/{}", text(&got, "/username"), text(story, "/id"));
            pictures.push(Mark::Text(link));
        }
        stories.extend(pictures.clone());
        let followers = got["followers_count"].to_string();
        Account {
            id: text(&got, "/id"),
            username: text(&got, "/username"),
            bio: vec![Mark::Text(text(&got, "/biography"))],
            followers: vec![Mark::Number(followers)],
            stories,
            pictures,
        }
    }

    fn spot(&mut self, id: &str) -> Spot {
        let got = self.get(format!("/{id}?fields=name,latitude,longitude,posts.limit(100){{id}}"));
        let posts = got["posts"]["data"].as_array().unwrap();
        Spot {
            id: id.to_owned(),
            name: text(&got, "/name"),
            at: (got["latitude"].as_f64().unwrap(), got["longitude"].as_f64().unwrap()),
            posts: posts.iter().map(|post| text(post, "/id")).collect(),
        }
    }

    /// Accounts that do business and posted under the hashtags, by id and name.
    fn traders(&mut self, me: &str) -> Vec<(String, String)> {
        let mut traders: Vec<(String, String)> = Vec::new();
        for at in 0..4 {
            let tag = format!("17843{:012}", 800_000_000_000_u64 + at * 131);
            let page = self.get(format!(
                "/{tag}/top_media?user_id={me}&fields=owner{{id,username,account_type}}&limit=50"
            ));
            for row in page["data"].as_array().unwrap() {
                let trader = (text(row, "/owner/id"), text(row, "/owner/username"));
                let trades = row["owner"]["account_type"] != "PERSONAL";
                if trades && trader.0 != me && !traders.contains(&trader) {
                    traders.push(trader);
                }
            }
        }
        traders
    }
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {value}")).to_owned()
}

impl World {
    pub(crate) fn at(platform: &Platform) -> Self {
        let show = &platform.showcase;
        let asking = &mut Asking(Talk::new(platform.addr, [TOKEN.to_owned(), TOKEN.to_owned()]));
        let (me, baker) = (show.paging_user.as_str(), show.business_user.as_str());
        let home = asking.get(format!("/{me}?fields=home_location{{id}}"));
        let square = text(&home, "/home_location/id");
        let mut others = show.places.iter().filter(|place| **place != square);
        let (hotel, museum) = (others.next().unwrap(), others.next().unwrap());
        let mut traders = asking.traders(me);
        traders.retain(|(id, _)| id != baker);
        for (account, first) in traders.iter().take(3).zip([0, 40, 80]) {
            for number in first..first + 40 {
                let form = format!("image_url=x&caption=guest+{number}&location_id={hotel}");
                asking.publish(&account.0, &form);
            }
        }
        let tag = percent(&format!("fresh bread #{}", show.hashtag_name), 1);
        let baker_post =
            asking.publish(baker, &format!("image_url=x&caption={tag}&location_id={square}"));
        let item = asking.post(&format!("/{baker}/media"), "image_url=x&is_carousel_item=true");
        let baker_carousel = asking
            .publish(baker, &format!("media_type=CAROUSEL&children={item}&location_id={square}"));
        asking.get(format!("/{}/recent_media?user_id={me}&limit=1", show.hashtag));
        let mut tell = |account: &str, place: &str| {
            asking.publish(account, &format!("media_type=STORIES&video_url=x&location_id={place}"))
        };
        let baker_story = tell(baker, &square);
        tell(baker, hotel);
        let own_story = tell(me, museum);
        let mut say = |caption: &str| {
            asking.publish(&traders[3].0, &format!("image_url=x&caption={}", percent(caption, 1)))
        };
        let (trick_fields, trick_id) = (say("biography"), say(baker));
        let trick_path = say(&format!("{baker}/stories"));
        let trick_ids = say(&format!("{me},{baker}"));
        let comment_at_baker = asking.post(&format!("/{baker_post}/comments"), "message=lovely");
        let commented = asking.get(format!("/{}?fields=from{{id}}", show.comment));
        let near = asking.get("/search?type=place&q=a&fields=id&limit=100");
        let taken = [hotel, museum, &square];
        let venues = near["data"].as_array().unwrap().iter().map(|row| text(row, "/id"));
        let venues = venues.filter(|id| !taken.contains(&id)).take(30).collect();
        let expired = asking.get(format!("/{}?fields=media_url,permalink", show.expired_story));
        let expired = text(&expired, "/media_url").split_once("oh=").unwrap().1.to_owned();
        let page = asking.get(format!("/{hotel}/posts?fields=id&limit=50"));
        Self {
            me: asking.account(me),
            baker: asking.account(baker),
            person: asking.account(&show.personal_user),
            brand: asking.account(&traders[2].0),
            stranger: asking.account(&text(&commented, "/from/id")),
            hotel: asking.spot(hotel),
            museum: asking.spot(museum),
            square: asking.spot(&square),
            venues,
            names: traders.into_iter().skip(4).take(40).map(|(_, name)| name).collect(),
            tag: show.hashtag.clone(),
            tag_name: show.hashtag_name.clone(),
            post: show.post.clone(),
            baker_post,
            baker_carousel,
            trick_fields,
            trick_id,
            trick_path,
            trick_ids,
            comment: show.comment.clone(),
            comment_at_baker,
            baker_story,
            own_story,
            person_story: show.personal_story.clone(),
            expired_story: show.expired_story.clone(),
            expired: vec![Mark::Text(expired)],
            cursor_at_hotel: text(&page, "/paging/cursors/after"),
        }
    }
}
