/** What is wanted of a server. A new intent takes the old one's place; the server's one operation follows. */
import type { ContainerView } from './engine.ts';
import type { ImageChoice } from './settings.ts';
import type { StartServer } from './spawner.ts';

export type Intent =
  /** Start it as asked, in place of whatever there is. */
  | { readonly kind: 'run'; readonly request: StartServer; readonly image: ImageChoice; readonly saved: Promise<void> }
  /** Its container is there already, from before this service's start: lead the start to its end. */
  | { readonly kind: 'resume'; readonly container: ContainerView }
  | { readonly kind: 'stop'; purge: boolean; readonly reason: string | undefined; readonly saved: Promise<void> }
  /** Its container has ended, or is gone: keep what can be known, and clean up. */
  | { readonly kind: 'bury' }
  /** A container is left over from a server that has ended: remove it. */
  | { readonly kind: 'sweep' };
