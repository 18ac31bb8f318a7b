// What TensorBoard loads into the tab's frame. The page proper is a document of its own, with its own policy.

export function render() {
  location.replace(new URL('page.html', import.meta.url));
}
