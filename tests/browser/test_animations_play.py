"""Animations in real Chromium: every frame of a GIF by its own decoder, a video that plays and can be sought."""

import pytest
from PIL import Image

from expsyncd.samples.compose import STRIP
from expsyncd.samples.darkroom import Darkroom
from expsyncd.samples.look import Look
from support.chromium import PROGRAM, told_by
from support.pictures import encoded, frame

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="needs chromium: apt-get install chromium"),
    pytest.mark.timeout(150),
]
REDS = [0, 60, 120, 180, 240]
PAGE = """<!doctype html><video id="video" muted preload="auto"></video><script>
const canvas = new OffscreenCanvas(64, 64 + STRIP), paper = canvas.getContext('2d', {willReadFrequently: true});
const red = () => paper.getImageData(32, 40 + STRIP, 1, 1).data[0];
async function gif() {
  const data = await (await fetch('s.gif')).arrayBuffer();
  const decoder = new ImageDecoder({data, type: 'image/gif'});
  await decoder.tracks.ready;
  await decoder.completed;
  const frames = [];
  for (let n = 0; n < decoder.tracks.selectedTrack.frameCount; n++) {
    const {image} = await decoder.decode({frameIndex: n});
    paper.drawImage(image, 0, 0);
    frames.push([red(), image.duration]);
  }
  return frames;
}
async function video() {
  const player = document.getElementById('video');
  player.src = URL.createObjectURL(await (await fetch('s.mp4')).blob());  // Python's http knows no ranges
  if (player.readyState < 2) await new Promise(done => player.addEventListener('loadeddata', done));
  const frames = [];
  for (const [at, expected] of [[0.31, 180], [0.05, 0], [0.44, 240]]) {
    const there = new Promise(done => player.addEventListener('seeked', done, {once: true}));
    player.currentTime = at;
    await there;
    for (let tries = 0; tries < 100; tries++) {  // the picture may come a moment after the event
      paper.drawImage(player, 0, 0);
      if (Math.abs(red() - expected) < 15) break;
      await new Promise(done => setTimeout(done, 30));
    }
    frames.push(red());
  }
  return frames;
}
(async () => {
  const told = {};
  try { told.gif = await gif(); } catch (error) { told.gif = String(error); }
  try { told.video = await video(); } catch (error) { told.video = String(error); }
  await fetch('/told', {method: 'POST', body: JSON.stringify(told)});
})();
</script>""".replace("STRIP", str(STRIP))


async def test_every_frame_is_shown_in_its_time(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    frames = []
    for number, red in enumerate(REDS):
        path = tmp_path / f"e{number}.png"
        path.write_bytes(encoded(Image.new("RGB", (64, 64), (red, 10, 200))))
        frames.append(frame(path, number))
    room = Darkroom(tmp_path / "cache", 10**9)
    try:
        for kind in ("gif", "mp4"):
            await room.render(frames, Look(fps=10), folder / f"s.{kind}")
    finally:
        await room.rest()
    told = told_by(folder, PAGE, tmp_path / "profile")
    assert told["gif"] == [[red, 100_000] for red in REDS[:-1]] + [[REDS[-1], 2_000_000]]
    assert isinstance(told["video"], list), told["video"]
    assert all(abs(red - REDS[n]) < 15 for red, n in zip(told["video"], (3, 0, 4), strict=True))
