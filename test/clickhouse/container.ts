import { GenericContainer, getContainerRuntimeClient, ImageName, Wait } from 'testcontainers';

/** The version of docker-compose.yml. */
const image = 'clickhouse/clickhouse-server:26.7';
const port = 8123;

/** Why no real server can be started here, or null: Docker must run and have the image; nothing is downloaded for a test. */
export async function whyNoContainer(): Promise<string | null> {
  try {
    const { image: images } = await getContainerRuntimeClient();
    return (await images.exists(ImageName.fromString(image))) ? null : `Docker has no image ${image}`;
  } catch (error) {
    return `Docker does not run (${(error as Error).message})`;
  }
}

/** A server as it comes, of which the tests' user may do everything. */
export async function startContainer(): Promise<{ readonly url: string; remove(): Promise<void> }> {
  const container = await new GenericContainer(image)
    .withEnvironment({
      CLICKHOUSE_USER: 'tests',
      CLICKHOUSE_PASSWORD: 'tests',
      CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: '1',
    })
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/ping', port))
    .start();
  return {
    url: `http://tests:tests@${container.getHost()}:${container.getMappedPort(port)}`,
    remove: async () => void (await container.stop()),
  };
}
