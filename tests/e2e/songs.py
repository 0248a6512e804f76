"""Sixty songs, and the ways in which three accounts tell of them."""

SONGS = """Slowdive|Alison
Nina Simone|Feeling Good
Talking Heads|Road to Nowhere
Fela Kuti|Water No Get Enemy
Massive Attack|Teardrop
Joni Mitchell|A Case of You
Aphex Twin|Xtal
Portishead|Roads
Robyn|Dancing On My Own
Burial|Archangel
Miles Davis|So What
Björk|Hyperballad
David Bowie|Heroes
Kate Bush|Cloudbusting
Nick Drake|Pink Moon
Radiohead|Reckoner
PJ Harvey|The Words That Maketh Murder
The Cure|Pictures of You
Pixies|Debaser
Sonic Youth|Teenage Riot
Wilco|Jesus, Etc.
Beach House|Myth
Grimes|Oblivion
Tame Impala|Elephant
LCD Soundsystem|All My Friends
Daft Punk|Around the World
Kraftwerk|Trans-Europe Express
New Order|Age of Consent
Joy Division|Atmosphere
Depeche Mode|Enjoy the Silence
Cocteau Twins|Lorelei
My Bloody Valentine|Sometimes
Mazzy Star|Fade Into You
The Smiths|This Charming Man
R.E.M.|Nightswimming
Bob Marley|Redemption Song
Toots and the Maytals|Pressure Drop
Stevie Wonder|As
Marvin Gaye|Inner City Blues
Aretha Franklin|Think
Otis Redding|Try a Little Tenderness
Curtis Mayfield|Move On Up
Gil Scott-Heron|The Bottle
Erykah Badu|On and On
D'Angelo|Untitled
Kendrick Lamar|Alright
OutKast|Rosa Parks
A Tribe Called Quest|Electric Relaxation
Nas|The World Is Yours
MF DOOM|Rapp Snitch Knishes
Caetano Veloso|Sozinho
Jorge Ben|Taj Mahal
Buena Vista Social Club|Chan Chan
Ali Farka Touré|Savane
Cesária Évora|Sodade
Youssou N'Dour|Birima
Fairuz|Li Beirut
Rosalía|Malamente
Stromae|Papaoutai
Sigur Rós|Hoppípolla"""
PAIRS = [tuple(line.split("|")) for line in SONGS.splitlines()]
FORMATS = (
    lambda artist, title: f"♫ {artist} – {title} #NowPlaying",
    lambda artist, title: f"Song of the day: “{title}” by {artist}. Play it twice.",
    lambda artist, title: f"{artist}, “{title}”",
)
