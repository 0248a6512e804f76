# The stages of dev/on_gpu.py on a lent machine; halves of the GGUF file lie in /tmp/h1 and .dev/h2.
set -x
export DEEPHYPEBOT_CACHE=/root/cache PYTHONPATH=.:/tmp/h1/gguf-0.19.0-py3-none-any.whl PYTHONUNBUFFERED=1 OMP_NUM_THREADS=4
if [ "$1" = base ]; then
python3 - <<'P'
import json, time
from pathlib import Path
from deephypebot.config import cache_dir
from deephypebot.model.backbone import convert_gguf
t = time.time()
new = cache_dir() / "backbones" / "smollm2-135m-instruct"
new.mkdir(parents=True, exist_ok=True)
Path("/tmp/b.gguf").write_bytes(Path("/tmp/h1/part00").read_bytes() + Path(".dev/h2/part01").read_bytes())
convert_gguf(Path("/tmp/b.gguf"), new)
(new / "verified.json").write_text("{}")
print("converted", time.time() - t)
P
python3 dev/on_gpu.py states --out $OUT 2>&1 | grep -v batch/s
timeout 250 python3 dev/on_gpu.py base --out $OUT --name base1 > $OUT/base1.txt 2>&1 &
timeout 250 python3 dev/on_gpu.py base --out $OUT --name base2 --set lora_dropout=0.2 --set word_dropout=0.15 --set lr=5e-4 --set epochs=3.5 > $OUT/base2.txt 2>&1 &
wait
rm -f $OUT/base?.safetensors
grep -h '^{"name' $OUT/base?.txt; tail -n 3 $OUT/base?.txt; ls -la /tmp/*.safetensors
tar czf $OUT/samples.tgz -C $OUT samples; rm -r $OUT/samples
else
LEFT=$2; FROM=$3
timeout $((LEFT+40)) python3 dev/on_gpu.py play --from $FROM --out $OUT --name a --seconds $LEFT --rounds 4 --marked 5000 --lr 1e-4 > $OUT/a.txt 2>&1 &
timeout $((LEFT+40)) python3 dev/on_gpu.py play --from $FROM --out $OUT --name b --seconds $LEFT --rounds 4 --marked 5000 --lr 2e-4 --beta 0.05 --anchor 0.1 > $OUT/b.txt 2>&1 &
wait
grep -h '^{"name' $OUT/[ab].txt; tail -n 3 $OUT/[ab].txt
tar czf $OUT/samples.tgz -C $OUT samples; rm -r $OUT/samples
fi
ls -la $OUT
