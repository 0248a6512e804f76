"""Words that tell commentary on music from the rest of a post. Written by hand; a star stands for any ending."""

from __future__ import annotations

from functools import cache

SOUND = """
vocal* voice* singing sings sung falsetto croon* harmon* melod* synth* guitar* riff* bass bassline* drum* percussi* snare* hi-hat* cymbal* beat beats beatwork rhythm* groov* hook hooks hooky
chorus* verse verses refrain* keys keyboard* piano* strings string-laden brass horn horns sax saxophone* trumpet* violin* cello* harp harpist flute* organ arpeggi* chord chords instrument*
arrangement* soundscape* sound sounds sounding sonic* texture* layer layers layered layering reverb* distort* fuzz* tempo lyric* soulful anthem* ballad* banger* bop earworm* slow-burner slow-burning crescendo*
ambien* atmospher* downtempo uptempo upbeat mid-tempo midtempo up-tempo down-tempo sample samples sampled loop loops looping handclap* claps vocoder* auto-tune* autotune* flow flows cadence timbre* tone tones tonal
dancefloor* dance-floor dancey danceable dreamy dreaminess dreamlike dream-pop ethereal shimmer* pulsat* pulsing thump* swirl* hazy haze woozy jangl* glitch* hypnotic hypnoti* catchy catchiness infectious* haunting* brooding
nostalgi* psychedeli* funky funk-* punchy bouncy buoyant jazzy bluesy gritty acoustic* orchestral minimal* minimalist* stripped-back stripped-down stripped crisp warbl* strum* plucked pluck* picked finger-picked fingerpick*
echo* chant* humming hummed whisper* whistl* yelp* howl* scream* shout* rapping raps rapped bars spitting breakdown* build-up* buildup* drops drop bridge outro intro interlude* production* producti* mix remixed
melanchol* wistful* sultry sensual* seductive* moody bittersweet euphori* uplifting feel-good summery sun-drenched sun-soaked sunkissed sun-kissed anthemic soaring soars cinematic vibe vibes vibey rhythm-section
sax-laden bassy low-end high-pitched off-kilter staccato legato syncopat* lo-fi lofi hi-fi 808 808s four-to-the-floor 80s-inspired retro throwback tropical oscillat* modulat* filtered pitched-up chopped lilting lilt
""".split()
GENRE = """
pop electro-pop electropop synth-pop synthpop indie indie-pop indie-rock r&b rnb rb hip-hop hiphop rap trap disco nu-disco house techno funk jazz soul folk folk-pop rock punk post-punk shoegaze garage
electronic electronica electro dance edm trip-hop dubstep ambient blues country americana grunge metal emo reggae dancehall afrobeat* chillwave vaporwave dnb drum-and-bass kraut* krautrock psych-pop psych neo-soul bedroom-pop
alt-pop alt-rock alternative neo-classical classical world-music latin
""".split()
ABOUT = """
song songs track tracks tune tunes single cut number music musical* musician* record recording* remix* rework* cover covers offering effort version jam joint piece composition* songwriting songcraft songwriter* beatmaker
sound album ep lp listen listening listeners listener hear heard ears
""".split()
PRAISE = """
beautiful* beauty gorgeous* stunning* stunner brilliant* perfect* amazing* incredibl* excellent* fantastic* wonderful* delight* charming* charm lovely sublime* exquisite* irresistibl* captivat* mesmeri* enchant*
powerful* emotional* emotive emotion* intimate intimacy tender* warm warmth sweet sweetness delicate* vulnerab* honest* heartfelt joy joyous* joyful* dark darkness darker playful* fun addictive* immediate* impressive*
compelling refreshing* fresh unique* smooth* slick* polished cool coolness chill chilled relaxed laid-back mellow sooth* gentle gently energetic energy explosive explod* fierce* bold* daring confident* confidence epic massive
dramatic* timeless magic magical* masterpiece* masterful* gem bliss* heavenly divine goosebump* reminiscent evok* recalls recalling reminds reminding blend* combin* fus* infus* tinged driven laden drenched soaked
rich* lush* vibrant* colorful colourful eerie ominous spacey spacious airy light breezy quirky weird strange odd experimental adventur* complex* simple simplicity subtle* understated restrain* intens* passion* yearning longing
heart heartbreak* heartbroken heart-wrenching sad sadness sorrow* happy happiness love melancholy nostalgic dance dancing groove feeling* feels feel mood moods evocative captures capturing conjures channels channeling channelling
glistening glittering sparkling sparkle glow* gleam* radiant bright sunshine sunny summer night late-night midnight drive repeat infused feverish fever frenetic frantic urgent urgency propulsive driving builds building swells swell swelling
blistering searing scorching fiery smoky smokey velvet* silky honeyed raspy husky angelic crystalline ghostly spectral otherworldly cosmic celestial trippy wavy swagger* sassy sexy cheeky witty clever poignant* profound* touching moving
hard-hitting heavy crunchy loud quiet soft* softly sparse wide expansive immersive enveloping wash washes waves floats floating glides gliding drifts drifting slow slowly fast rolling rollicking stomp* snap snappy tight catchier
classic classics kaleidoscopic sweeping swooning masterclass effortless* flawless* polish contagious bubbl* bubbly fizzy candy sugary saccharine syrupy buttery juicy delicious* tasty
stuck head-nodding toe-tapping toes foot-tapping nodding sway swaying move moving grooving wistfulness catharsis triumphant triumph victorious seductively tension vulnerability hope hopeful hopeless despair lonely loneliness
brash brooding bombastic grand grandiose majestic elegan* grace graceful* sophisticated sophistication mature maturity raw rawness honesty sincerity empower* defiant defiance cathartic catharsis therapeutic escapis* transport*
""".split()
RELEASE = """
released release releases releasing out forthcoming upcoming due pre-order preorder available premiere premiered premiering debut records recordings label imprint announce* announcing drops dropped unveil* signed self-released
ep lp album albums tracklist* follow-up sophomore
january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sept sep oct nov dec spring fall autumn
""".split()
SHOWS = """
tour touring toured tours ticket* gig gigs venue* headlin* supporting festival* sxsw coachella glastonbury lollapalooza bonnaroo show shows live stage tonight residency dates sold-out
""".split()
LIFE = """
born hails hailing formed consists consisting comprised comprising members member native grew raised moved relocated studied year-old brothers brother sister sisters siblings twins childhood friends parents mother father
million millions streams streamed plays chart charts charted billboard views followers playlist playlists playlisted blog blogs blogosphere hype-machine bbc airplay accolades praise acclaim press publications career
signed manager management university college school based -based duo trio quartet quintet alias moniker aka frontman frontwoman vocalist producer producers singer collaborated collaborations collaborator worked collective
""".split()
POINTING = """
below above here click subscribe download stream streaming grab buy purchase soundcloud spotify itunes bandcamp youtube facebook twitter instagram vimeo deezer tidal website check peep watch follow enjoy tuned via
""".split()
VIDEO = "artwork* animation* video videos clip visual visuals visualizer directed director filmed footage shot animated choreograph* cinematograph* trailer".split()
SAYS = """
says said saying explains explained explaining states stated tells told describes described commented comments adds added shares discusses discussing recalls admits reveals statement interview notes
""".split()
GROUPS = {
    "sound": SOUND, "genre": GENRE, "about": ABOUT, "praise": PRAISE, "release": RELEASE, "shows": SHOWS, "life": LIFE, "pointing": POINTING, "video": VIDEO, "says": SAYS,
}  # fmt: skip
LEAST, MOST = 3, 12  # letters of what stands before a star


@cache
def _exact() -> dict[str, frozenset[str]]:
    return {name: frozenset(word for word in words if not word.endswith("*")) for name, words in GROUPS.items()}


@cache
def _begun() -> dict[str, frozenset[str]]:
    return {name: frozenset(word[:-1] for word in words if word.endswith("*")) for name, words in GROUPS.items()}


@cache
def groups_of(word: str) -> frozenset[str]:
    """The groups that a word, in small letters, belongs to; a hyphenated word also to those of its parts."""
    found = {name for name, words in _exact().items() if word in words}
    for name, beginnings in _begun().items():
        if any(word[:length] in beginnings for length in range(LEAST, min(MOST, len(word)) + 1)):
            found.add(name)
    parts = word.split("-")
    if len(parts) > 1 and not found:
        found.update(name for part in parts for name in groups_of(part) if name in ("sound", "genre", "praise", "life"))
    return frozenset(found)
