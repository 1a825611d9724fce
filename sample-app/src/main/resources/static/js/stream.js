/** The server's events. The browser connects again by itself, unless it was refused; then this does. */

const AGAIN_MILLIS = 3000;

export function listen(onUpdate, onOffline) {
  const source = new EventSource('api/stream');
  source.onmessage = event => {
    onOffline(false);
    onUpdate(JSON.parse(event.data));
  };
  source.onerror = () => {
    onOffline(true);
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(onUpdate, onOffline), AGAIN_MILLIS);
    }
  };
}
