using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack;

/// <summary>
/// Makes the default world through the services' own handlers: in every region an external network, a network for nodes behind a router,
/// flavors and an image; in the first region the servers too.
/// </summary>
internal static class WorldSeeder
{
    /// <summary>The password of every seeded user.</summary>
    public const string Password = "secret";

    /// <summary>Beyond this many servers the subnets are large ones.</summary>
    private const int Many = 100;

    private static readonly (string Id, string Name, int Ram, int Disk, int Vcpus)[] Flavors =
    [
        ("1", "m1.tiny", 512, 1, 1), ("2", "m1.small", 2048, 20, 1), ("3", "m1.medium", 4096, 40, 2), ("4", "m1.large", 8192, 80, 4), ("5", "m1.xlarge", 16384, 160, 8),
    ];

    /// <summary>Seeds every region.</summary>
    public static void Seed(OpenStackCloud cloud, SandboxOptions options)
    {
        for (int i = 0; i < options.Regions.Length; i++)
        {
            var region = new RegionSeeder(cloud, options, options.Regions[i], i);
            string image = region.Basics();
            if (!options.SeedWorld) continue;
            string nodes = region.Networks();
            if (i == 0) region.Servers(nodes, image);
        }

        cloud.Settle();
    }

    private sealed class RegionSeeder(OpenStackCloud cloud, SandboxOptions options, string region, int index)
    {
        /// <summary>Flavors, an image and a keypair; returns the image's ID.</summary>
        public string Basics()
        {
            foreach ((string id, string name, int ram, int disk, int vcpus) in Flavors)
            {
                Send("compute", "POST", "/v2.1/flavors", "admin", new JsonObject
                {
                    ["flavor"] = new JsonObject { ["id"] = id, ["name"] = name, ["ram"] = ram, ["disk"] = disk, ["vcpus"] = vcpus },
                });
            }

            string image = Send("image", "POST", "/v2/images", "admin", new JsonObject
            {
                ["name"] = "cirros", ["disk_format"] = "raw", ["container_format"] = "bare", ["visibility"] = "public",
            })["id"]!.GetValue<string>();
            cloud.Send("image", "PUT", $"/v2/images/{image}/file", JsonValue.Create("no guest runs here"), "admin", region).Expect();
            cloud.Send("compute", "POST", "/v2.1/os-keypairs", new JsonObject
            {
                ["keypair"] = new JsonObject { ["name"] = "default", ["public_key"] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA demo" },
            }, "demo", region).Expect();
            return image;
        }

        /// <summary>The networks and the router between them; returns the ID of the nodes' network.</summary>
        public string Networks()
        {
            string external = Create("network", "admin", new JsonObject
            {
                ["name"] = "public", ["router:external"] = true, ["provider:network_type"] = "flat", ["provider:physical_network"] = "physnet1",
            });
            bool large = options.Nodes > Many;
            Subnet(external, "admin", "public-subnet", large ? $"172.{24 + index}.0.0/20" : $"172.24.{4 + index}.0/24", dhcp: false);
            if (options.DualStack) Subnet(external, "admin", "public-subnet-v6", $"2001:db8:{index}::/64", dhcp: false);
            string nodes = Create("network", "demo", new JsonObject { ["name"] = "nodes" });
            var inside = new List<string> { Subnet(nodes, "demo", "nodes-subnet", $"10.{index}.0.0/{(large ? 16 : 24)}", dhcp: true) };
            if (options.DualStack) inside.Add(Subnet(nodes, "demo", "nodes-subnet-v6", $"fd00:10:{index}::/64", dhcp: true));
            string router = Create("router", "demo", new JsonObject
            {
                ["name"] = "router", ["external_gateway_info"] = new JsonObject { ["network_id"] = external },
            });
            foreach (string subnet in inside)
                Send("network", "PUT", $"/v2.0/routers/{router}/add_router_interface", "demo", new JsonObject { ["subnet_id"] = subnet });
            return nodes;
        }

        /// <summary>node-1..node-N, spread over the zones in turn.</summary>
        public void Servers(string network, string image)
        {
            for (int i = 1; i <= options.Nodes; i++)
            {
                Send("compute", "POST", "/v2.1/servers", "demo", new JsonObject
                {
                    ["server"] = new JsonObject
                    {
                        ["name"] = $"node-{i}",
                        ["flavorRef"] = "3",
                        ["imageRef"] = image,
                        ["key_name"] = "default",
                        ["availability_zone"] = $"az{((i - 1) % Math.Max(1, options.Zones)) + 1}",
                        ["networks"] = new JsonArray(new JsonObject { ["uuid"] = network }),
                    },
                });
            }
        }

        private string Subnet(string network, string project, string name, string cidr, bool dhcp)
        {
            var body = new JsonObject
            {
                ["name"] = name, ["network_id"] = network, ["cidr"] = cidr, ["ip_version"] = cidr.Contains(':', StringComparison.Ordinal) ? 6 : 4, ["enable_dhcp"] = dhcp,
            };
            if (dhcp && cidr.Contains(':', StringComparison.Ordinal))
            {
                body["ipv6_address_mode"] = "dhcpv6-stateful";
                body["ipv6_ra_mode"] = "dhcpv6-stateful";
            }

            return Create("subnet", project, body);
        }

        private string Create(string kind, string project, JsonObject body)
            => Send("network", "POST", $"/v2.0/{kind}s", project, new JsonObject { [kind] = body })[kind]!["id"]!.GetValue<string>();

        private JsonNode Send(string service, string method, string path, string project, JsonNode body)
            => cloud.Send(service, method, path, body, project, region).Value;
    }
}
