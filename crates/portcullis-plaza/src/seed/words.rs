//! The words that invented names, captions and comments are made of.
//!
//! Must not know how they are put together.

pub(super) const FIRST: &str = "ana ben chi dora emre faye gus hana ivo jun kaia luc mina noor omar pia quin ravi sana tomo uma vera wen xia yuki zoe adil bela cleo dani elif finn gita hugo ines jana kofi lena mato nils olga paz rosa sven tess ugo vito wies";
pub(super) const LAST: &str = "alder birch castro dumont ekberg falk greco hale ito jansen kaur lind moreau novak okafor pinto quist rossi sato tran ueda vega wolff yamada zeller";
pub(super) const BIZ: &str = "Hotel,Bistro,Roastery,Gym,Gallery,Surf School,Bakery,Bookshop,Brewery,Spa,Stadium,Theatre,Market,Hostel,Winery";
pub(super) const ADJ: &str = "Aurora,Blue Door,Cedar,Dune,Ember,Fjord,Golden Hour,Harbour,Iris,Juniper,Kestrel,Lantern,Mosaic,Northside,Olive,Parkview,Quay,Riverside,Saffron,Terrace";
pub(super) const TAGS: &str = "travel food coffee sunset beach hotel gym art music concert wedding hiking surf ski brunch vegan dogs cats architecture streetart fashion running cycling yoga books wine beer festival marathon football";
pub(super) const WORDS: &str = "morning light over the old town|first coffee of the week|we opened the doors at nine|nobody told me about the stairs|rain again but worth it|table for six and one high chair|new menu from tomorrow|found this corner by accident|the queue was short for once|last evening here|training day seven|grandmother approved|sold out by noon|see you next season|a view you do not get from the road|back where it started";
pub(super) const TALK: &str = "lovely|where is this exactly?|we were there last week!|opening hours on sunday?|so jealous|great shot|is it dog friendly?|booked!|price?|congrats";
