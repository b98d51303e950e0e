using System.Collections.Immutable;
using System.Net;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.LoadBalancers;
using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Discovery;

/// <summary>
/// Finds what a configuration leaves out: region, the nodes' subnet, its router, the external network behind it, the Octavia provider. A
/// pure function. Where the choice is not clear it names the candidates and the option that decides, and chooses nothing.
/// </summary>
public static class DefaultsPlanner
{
    private const string Ovn = OctaviaProviders.Ovn;
    private const string Amphora = OctaviaProviders.Amphora;

    /// <summary>Chooses.</summary>
    /// <param name="config">The configuration; what it sets is only checked.</param>
    /// <param name="cloud">What there is in the cloud.</param>
    /// <param name="cluster">What there is in the cluster.</param>
    public static Defaults Choose(CloudConfig config, ObservedCloud cloud, ObservedCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(cloud);
        ArgumentNullException.ThrowIfNull(cluster);
        var work = new Work(config, cloud, cluster);
        string? region = work.Region();
        if (region is null || (!cloud.Regions.IsEmpty && !cloud.Regions.Contains(region)))
        {
            // Without its region nothing of the cloud was read, so nothing more can be said.
            return new Defaults(config, work.Choices.ToEquatableArray(), work.Problems.ToEquatableArray());
        }

        ImmutableArray<Subnet> nodeSubnets = work.NodeSubnets();
        Router? router = work.NodeRouter(nodeSubnets);
        string? off = work.LoadBalancersOff();
        LoadBalancerOptions options = config.LoadBalancer;
        if (off is not null)
        {
            options = options with { Enabled = false };
        }
        else
        {
            string? external = options.InternalLb ? options.FloatingNetworkId : work.ExternalNetwork(nodeSubnets, router);
            options = options with { FloatingNetworkId = external };
            work.ProviderAndMethod();
        }

        return new Defaults(
            config with { Global = config.Global with { Region = region ?? config.Global.Region }, LoadBalancer = options },
            work.Choices.ToEquatableArray(),
            work.Problems.ToEquatableArray())
        {
            LoadBalancersOff = off,
            NodeSubnetIds = nodeSubnets.Select(s => s.Id).ToEquatableArray(),
            FoundRouterId = router?.Id,
        };
    }

    private sealed class Work(CloudConfig config, ObservedCloud cloud, ObservedCluster cluster)
    {
        private readonly Dictionary<string, Subnet> _subnets = cloud.Subnets.Items.DistinctBy(s => s.Id).ToDictionary(s => s.Id, StringComparer.Ordinal);

        public List<Choice> Choices { get; } = [];

        public List<Problem> Problems { get; } = [];

        public string? Region()
        {
            const string Option = "[Global] region";
            string all = string.Join(", ", cloud.Regions);
            if (config.Global.Region is { } configured)
            {
                if (cloud.Regions.IsEmpty || cloud.Regions.Contains(configured)) return configured;
                string? nearest = NearestName.Find(configured, cloud.Regions);
                Error(Option, configured, "the catalog has no such region", nearest is null ? $"Write one of {all}." : $"Did you mean {nearest}? The regions are {all}.");
                return configured;
            }

            if (cloud.Regions.Count == 1)
            {
                Choices.Add(new(Option, cloud.Regions[0], null, "it is the only region of the catalog"));
                return cloud.Regions[0];
            }

            if (cloud.Regions.IsEmpty) Error(Option, null, "the catalog has no region at all", "Check that the user has a role on the project; without one the catalog is empty.");
            else Error(Option, null, $"the catalog has {cloud.Regions.Count} regions", $"Set it to one of {all}.");
            return null;
        }

        public ImmutableArray<Subnet> NodeSubnets()
        {
            const string Option = "[LoadBalancer] subnet-id";
            if (config.LoadBalancer.SubnetId is { } configured)
            {
                if (_subnets.TryGetValue(configured, out Subnet? subnet)) return [subnet];
                if (cloud.Subnets.Failure is null) Error(Option, configured, "there is no such subnet that the project can see", "Write the ID of the nodes' subnet, as `openstack subnet list` prints it.");
                return [];
            }

            if (Unread(Option, "subnets", cloud.Subnets.Failure) | Unread(Option, "ports", cloud.Ports.Failure)) return [];
            ImmutableArray<(string Node, Subnet Subnet)> seats = Seats();
            ImmutableArray<Subnet> subnets = [.. seats.Select(s => s.Subnet).DistinctBy(s => s.Id).OrderBy(s => s.IpVersion).ThenBy(s => s.Id, StringComparer.Ordinal)];
            if (subnets.IsEmpty)
            {
                Warn(Option, null, cluster.Nodes.IsEmpty ? "there is no node yet, nor any server, whose subnet could be taken" : "no node's address is on a subnet that the project can see",
                    "It is found when the first node joins; or set it to the nodes' subnet.");
                return [];
            }

            string[] networks = [.. subnets.Select(s => s.NetworkId).Distinct(StringComparer.Ordinal)];
            if (networks.Length > 1)
            {
                Warn(Option, null, $"the nodes are on {networks.Length} networks: {Listed(subnets)}",
                    "Set it to the subnet on which load balancers shall be, or name one network in internal-network-name of [Networking].");
                return subnets;
            }

            foreach (Subnet subnet in subnets)
            {
                int count = seats.Count(s => s.Subnet.Id == subnet.Id);
                Choices.Add(new(Option, subnet.Id, Titled(subnet), $"{count} of {Math.Max(cluster.Nodes.Count, seats.Select(s => s.Node).Distinct(StringComparer.Ordinal).Count())} nodes have their address there"));
            }

            return subnets;
        }

        public Router? NodeRouter(ImmutableArray<Subnet> nodeSubnets)
        {
            const string Option = "[Route] router-id";
            if (config.Route.RouterId is { } configured)
            {
                Router? router = cloud.Routers.Items.FirstOrDefault(r => r.Id == configured);
                if (router is null && cloud.Routers.Failure is null)
                    Error(Option, configured, "there is no such router that the project can see", "Write the ID of the router on the nodes' subnet, as `openstack router list` prints it.");
                return router;
            }

            if (nodeSubnets.IsEmpty || Unread(Option, "routers", cloud.Routers.Failure)) return null;
            HashSet<string> ids = [.. nodeSubnets.Select(s => s.Id)];
            Port[] interfaces =
            [
                .. cloud.Ports.Items.Where(p => p.DeviceOwner.StartsWith("network:", StringComparison.Ordinal) && p.DeviceOwner.Contains("router", StringComparison.Ordinal)
                    && p.DeviceOwner != "network:router_gateway" && p.FixedIps.Any(ip => ids.Contains(ip.SubnetId))),
            ];
            Router[] routers = [.. cloud.Routers.Items.Where(r => interfaces.Any(p => p.DeviceId == r.Id)).OrderBy(r => r.Name, StringComparer.Ordinal)];
            switch (routers.Length)
            {
                case 0:
                    Warn(Option, null, $"no router is on the nodes' subnet {Listed(nodeSubnets)}", "Attach one if load balancers shall have floating IPs or pods shall have routes.");
                    return null;
                case 1:
                    Choices.Add(new(Option, routers[0].Id, routers[0].Name, "it is the only router on the nodes' subnet"));
                    return routers[0];
                default:
                    Router[] gateways = [.. routers.Where(r => interfaces.Any(p => p.DeviceId == r.Id && p.FixedIps.Any(ip => nodeSubnets.Any(s => s.Id == ip.SubnetId && s.GatewayIp == ip.IpAddress))))];
                    if (gateways.Length == 1)
                    {
                        Choices.Add(new(Option, gateways[0].Id, gateways[0].Name, $"of {routers.Length} routers on the nodes' subnet it is the gateway"));
                        return gateways[0];
                    }

                    Warn(Option, null, $"{routers.Length} routers are on the nodes' subnet: {Listed(routers)}", "Set it to the one that shall carry pods' routes.");
                    return null;
            }
        }

        public string? LoadBalancersOff()
        {
            if (!config.LoadBalancer.Enabled) return "enabled is false in [LoadBalancer] of cloud.conf";
            if (cloud.HasLoadBalancing) return null;
            const string Why = "the catalog has no load-balancer service (Octavia) in the region";
            Warn("[LoadBalancer] enabled", null, Why, "Services of type LoadBalancer are left alone; set enabled = false to say so, or ask the cloud's operator for Octavia.");
            return Why;
        }

        public string? ExternalNetwork(ImmutableArray<Subnet> nodeSubnets, Router? router)
        {
            const string Option = "[LoadBalancer] floating-network-id";
            Network[] externals = [.. cloud.Networks.Items.Where(n => n.External).OrderBy(n => n.Name, StringComparer.Ordinal)];
            if (config.LoadBalancer.FloatingNetworkId is { } configured)
            {
                Network? network = cloud.Networks.Items.FirstOrDefault(n => n.Id == configured);
                if (network is null && cloud.Networks.Failure is null)
                    Error(Option, configured, "there is no such network that the project can see", externals.Length == 0 ? "Write the ID of an external network." : $"Write one of {Listed(externals)}.");
                else if (network is { External: false })
                    Error(Option, configured, $"network {network.Name} is not external, so it has no floating IPs", externals.Length == 0 ? "Write the ID of an external network." : $"Write one of {Listed(externals)}.");
                return configured;
            }

            if (Unread(Option, "networks", cloud.Networks.Failure)) return null;
            if (router?.Gateway is { } gateway)
            {
                string? name = cloud.Networks.Items.FirstOrDefault(n => n.Id == gateway.NetworkId)?.Name;
                Choices.Add(new(Option, gateway.NetworkId, name, $"router {router.Name} on the nodes' subnet has its gateway there"));
                return gateway.NetworkId;
            }

            bool unreachable = router is not null && nodeSubnets.Length > 0;
            if (unreachable)
            {
                Warn(Option, null, $"router {router!.Name} on the nodes' subnet has no external gateway, so no floating IP can lead to the nodes",
                    "Set the router's gateway (openstack router set --external-gateway), or internal-lb = true.");
                return null;
            }

            switch (externals.Length)
            {
                case 0:
                    Warn(Option, null, "the project sees no external network, so Services get no floating IP", "Set internal-lb = true, or ask the cloud's operator for an external network.");
                    return null;
                case 1:
                    Choices.Add(new(Option, externals[0].Id, externals[0].Name, "it is the only external network"));
                    return externals[0].Id;
                case > 1 when externals.Count(n => n.IsDefault) == 1:
                    Network standard = externals.Single(n => n.IsDefault);
                    Choices.Add(new(Option, standard.Id, standard.Name, $"of {externals.Length} external networks it is the default one"));
                    return standard.Id;
                default:
                    Warn(Option, null, $"there are {externals.Length} external networks and no router of the nodes says which: {Listed(externals)}",
                        "Set it to the one that gives floating IPs; until then only Services that name one get them.");
                    return null;
            }
        }

        /// <summary>
        /// Says which provider and method a load balancer gets that nothing else decides for. They stay unset in the options: each Service is
        /// given what serves it, so that one that asks for HTTP does not take ovn away from the others.
        /// </summary>
        public void ProviderAndMethod()
        {
            const string Option = "[LoadBalancer] lb-provider";
            string[] names = [.. cloud.Providers.Items.Select(p => p.Name)];
            if (config.LoadBalancer.LbProvider is { } configured)
            {
                if (names.Length > 0 && !names.Contains(configured)) Error(Option, configured, "the cloud has no such provider", $"Write one of {string.Join(", ", names)}.");
                if (configured == Ovn && !cluster.AsksForHttp.IsEmpty)
                    Warn(Option, configured, $"ovn balances no HTTP, which {string.Join(", ", cluster.AsksForHttp)} asks for", "Leave the option out, so that such Services get another provider, or leave out what asks for HTTP.");
                Method(configured);
                return;
            }

            if (cloud.Providers.Failure is { } failure)
            {
                Warn(Option, null, $"Octavia's providers cannot be listed ({failure.Message}), so amphora is taken, as the peer does", "Set lb-provider to say which to take.");
                Method(Amphora);
                return;
            }

            if (names.Length == 0)
            {
                Warn(Option, null, "Octavia has no provider that the project may use", "Ask the cloud's operator to enable one; until then no Service gets a load balancer.");
                return;
            }

            ImmutableArray<string> needs = NeedsBeyondOvn();
            string other = OctaviaProviders.OtherThanOvn(names);
            bool ovn = names.Contains(Ovn) && (needs.IsEmpty || other == Ovn);
            string chosen = ovn ? Ovn : other;
            Choices.Add(new(Option, chosen, null, WhyProvider(names, chosen, other, needs)));
            if (chosen != Ovn && chosen != Amphora && names.Length > 1)
                Warn(Option, chosen, $"there are {names.Length} providers and none is known to be the usual one: {string.Join(", ", names)}", "Set it to one of them.");
            string[] unserved = other == Ovn ? [.. needs, .. cluster.AsksForHttp] : [];
            if (unserved.Length > 0) Warn(Option, Ovn, $"it is the only provider, but lacks what is asked for: {string.Join(", ", unserved)}", "Leave out what asks for it.");
            Method(chosen);
        }

        private string WhyProvider(string[] names, string chosen, string other, ImmutableArray<string> needs)
        {
            if (names.Length == 1) return "it is the only provider";
            if (chosen == Ovn)
            {
                return cluster.AsksForHttp.IsEmpty
                    ? $"it is enabled and needs no machine of its own; Services that ask for what it lacks get {other}"
                    : $"it is enabled and needs no machine of its own; {string.Join(", ", cluster.AsksForHttp)} asks for HTTP and gets {other}";
            }

            return names.Contains(Ovn) ? $"ovn is enabled but lacks what is asked for: {string.Join(", ", needs)}" : "ovn is not enabled";
        }

        private void Method(string provider)
        {
            if (config.LoadBalancer.LbMethod is not null) return;
            string method = provider == Ovn ? "SOURCE_IP_PORT" : "ROUND_ROBIN";
            Choices.Add(new("[LoadBalancer] lb-method", method, null, provider == Ovn ? "ovn knows no other" : $"it is the usual one of {provider}"));
        }

        private ImmutableArray<string> NeedsBeyondOvn()
        {
            LoadBalancerOptions options = config.LoadBalancer;
            var needs = ImmutableArray.CreateBuilder<string>();
            if (options.DefaultTlsContainerRef is not null) needs.Add("default-tls-container-ref (TLS is ended by HTTP listeners)");
            if (options.LbMethod is { } method and not "SOURCE_IP_PORT") needs.Add($"lb-method = {method}");
            if (options.FlavorId is not null) needs.Add("flavor-id");
            if (options.AvailabilityZone is not null) needs.Add("availability-zone");
            return needs.ToImmutable();
        }

        /// <summary>Each node with the subnet that holds its first address; each server's first port stands in when there are no nodes.</summary>
        private ImmutableArray<(string Node, Subnet Subnet)> Seats()
        {
            ILookup<string, Port> byServer = cloud.Ports.Items.Where(p => p.DeviceId.Length > 0).ToLookup(p => p.DeviceId, StringComparer.Ordinal);
            var seats = ImmutableArray.CreateBuilder<(string, Subnet)>();
            foreach (ObservedNode node in cluster.Nodes)
            {
                IEnumerable<Port> ports = node.ServerId is null ? cloud.Ports.Items : byServer[node.ServerId];
                seats.AddRange(SubnetsOf(node, [.. ports]).Select(s => (node.Name, s)));
            }

            if (!cluster.Nodes.IsEmpty) return seats.ToImmutable();
            foreach (Port port in cloud.Ports.Items.Where(p => p.DeviceOwner.StartsWith("compute:", StringComparison.Ordinal)))
                seats.AddRange(port.FixedIps.Select(ip => _subnets.GetValueOrDefault(ip.SubnetId)).OfType<Subnet>().Select(s => (port.DeviceId, s)));
            return seats.ToImmutable();
        }

        private IEnumerable<Subnet> SubnetsOf(ObservedNode node, Port[] ports)
        {
            foreach (bool isIpv6 in new[] { false, true })
            {
                IPAddress? first = node.InternalAddresses.Select(AddressPlanner.Parse).FirstOrDefault(ip => ip is not null && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 == isIpv6);
                if (first is null) continue;
                string[] subnetIds = [.. ports.SelectMany(p => p.FixedIps).Where(ip => first.Equals(AddressPlanner.Parse(ip.IpAddress))).Select(ip => ip.SubnetId).Distinct(StringComparer.Ordinal)];
                if (subnetIds.Length == 1 && _subnets.TryGetValue(subnetIds[0], out Subnet? subnet)) yield return subnet;
            }
        }

        private bool Unread(string option, string what, CloudFailure? failure)
        {
            if (failure is null) return false;
            Warn(option, null, $"it cannot be found, since {what} cannot be listed: {failure.Message}", $"{failure.Fix} Or set the option.");
            return true;
        }

        private static string Titled(Subnet subnet) => subnet.Name.Length == 0 ? subnet.Cidr : $"{subnet.Name}, {subnet.Cidr}";

        private static string Listed(IEnumerable<Subnet> subnets) => string.Join(", ", subnets.Select(s => $"{s.Id} ({Titled(s)})"));

        private static string Listed(IEnumerable<Network> networks) => string.Join(", ", networks.Select(n => $"{n.Id} ({n.Name})"));

        private static string Listed(IEnumerable<Router> routers) => string.Join(", ", routers.Select(r => $"{r.Id} ({r.Name})"));

        private void Error(string option, string? value, string message, string fix) => Problems.Add(Problem.Error(option, value, message, fix));

        private void Warn(string option, string? value, string message, string fix) => Problems.Add(Problem.Warning(option, value, message, fix));
    }
}
