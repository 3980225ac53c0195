// The path of a provider's own API that a call is forwarded to, checked against where the provider's calls may run.

import { GatewayError } from "../errors.ts";
import type { NativePlace, Provider, VertexPlaces } from "../exchange.ts";

/** Where on Vertex AI a call runs. */
export type VertexPlace = NonNullable<NativePlace["vertex"]>;

const NOWHERE: VertexPlace = { project: "", location: "" };

/**
 * Where the call runs: what its path says, if the provider may run calls there; else the provider's own place.
 *
 * @throws {GatewayError} `invalid_request` for a project or location that is not the provider's
 */
export function vertexPlaceOf({ vertex }: NativePlace, { places, name }: Provider): VertexPlace {
  if (places === undefined) return NOWHERE;
  if (vertex === undefined) return { project: places.projects[0] ?? "", location: places.locations[0] ?? "" };
  refuseOther("project", vertex.project, places.projects, name);
  refuseOther("location", vertex.location, places.locations, name);
  return vertex;
}

function refuseOther(
  setting: "project" | "location",
  asked: string,
  own: VertexPlaces["projects"],
  name: string,
): void {
  // A service account that is missing names no project; the call is refused for that.
  if (own.includes(asked) || own.length === 0) return;
  throw new GatewayError(
    "invalid_request",
    `the path names the ${setting} ${asked}, which provider ${name} does not use; it uses: ${own.join(", ")} (\`${setting}\`)`,
  );
}
