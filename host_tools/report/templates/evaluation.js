(() => {
  "use strict";
  const players = Array.from(document.querySelectorAll("audio"));
  const follow = document.getElementById("follow");
  if (follow) {
    follow.closest("p").hidden = false;
  }
  for (const player of players) {
    player.addEventListener("play", () => {
      for (const other of players) {
        if (other === player || other.paused) {
          continue;
        }
        other.pause();
        if (follow && follow.checked && other.closest("article") === player.closest("article")) {
          player.currentTime = other.currentTime;
        }
      }
    });
  }
})();
