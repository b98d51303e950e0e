using System.Collections.Immutable;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>What a resolution found: a placement, or why there is none.</summary>
/// <param name="Placement">The placement.</param>
/// <param name="Stop">Why there is none.</param>
/// <param name="Notes">What the Service should know.</param>
public sealed record PlacementResult(LoadBalancerPlacement? Placement, Outcome? Stop, ImmutableArray<PlanNote> Notes);

/// <summary>Finds out where a Service's load balancer goes, reading as little as is not known yet.</summary>
/// <param name="facts">The cloud.</param>
/// <param name="options">The configuration.</param>
public sealed class PlacementResolver(CloudFacts facts, LoadBalancerOptions options)
{
    private const string Ovn = OctaviaProviders.Ovn;

    /// <summary>Resolves.</summary>
    /// <param name="settings">What the Service asks for.</param>
    /// <param name="existing">The load balancer that is there already; what it decides is not asked again.</param>
    /// <param name="hasFloatingIp">Whether it has its floating IP.</param>
    /// <param name="nodes">The nodes that are to be members.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<PlacementResult> ResolveAsync(
        LoadBalancerSettings settings, LoadBalancer? existing, bool hasFloatingIp, IReadOnlyList<Node> nodes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var pass = new PlacementPass(settings, existing, await facts.FeaturesAsync(cancellationToken));
        pass.Provider = existing?.Provider is { Length: > 0 } given ? given : options.LbProvider ?? await ChooseProviderAsync(pass, cancellationToken);
        ProviderChecks.Check(pass, options);
        await CheckCertificateAsync(pass, cancellationToken);
        if (!settings.Internal && !hasFloatingIp && settings.IpFamilies is not ["IPv6"]) await ResolveFloatingAsync(pass, cancellationToken);
        await ResolveVipAsync(pass, nodes, cancellationToken);
        await ResolveMembersAsync(pass, nodes, cancellationToken);
        await ResolveSecondFamilyAsync(pass, cancellationToken);
        return pass.End(facts);
    }

    /// <summary>Where nothing is configured: ovn where the cloud has it and it can do what is asked for.</summary>
    private async Task<string?> ChooseProviderAsync(PlacementPass pass, CancellationToken cancellationToken)
    {
        LoadBalancerSettings settings = pass.Settings;
        EquatableArray<string> providers = await facts.ProvidersAsync(cancellationToken);
        if (providers.IsEmpty) return "amphora";
        bool beyondOvn = settings.NeedsL7 || settings.AsksForTimeouts || settings.FlavorId is not null || settings.AvailabilityZone is not null
            || settings.HealthCheckNodePort > 0 || !settings.SourceRanges.IsEmpty || settings.ClientIpAffinity
            || settings.Method is not null and not LoadBalancerMethods.SourceIpPort
            || (settings.RequiresDualStack && pass.Features.AdditionalVips)
            || (settings.Monitor && settings.Ports.Any(p => p.Protocol == "SCTP"));
        if (!beyondOvn && providers.Contains(Ovn)) return Ovn;
        return providers.Contains("amphora") ? "amphora" : providers.FirstOrDefault(p => p != Ovn) ?? providers[0];
    }

    private async Task CheckCertificateAsync(PlacementPass pass, CancellationToken cancellationToken)
    {
        if (pass.Settings.TlsContainerRef is not { } reference || options.ContainerStore != "barbican") return;
        switch (await facts.CertificateExistsAsync(reference, cancellationToken))
        {
            case null:
                pass.Refuse($"default-tls-container-ref {reference}: this cloud has no key manager (Barbican) to check it with. Set [LoadBalancer] container-store=external to leave out the check.");
                break;
            case false:
                pass.Refuse($"default-tls-container-ref {reference}: the key manager has no such container or secret, or does not show it. Store the certificate there, or correct the reference.");
                break;
        }
    }

    private async Task ResolveFloatingAsync(PlacementPass pass, CancellationToken cancellationToken)
    {
        LoadBalancerSettings settings = pass.Settings;
        string? network = settings.FloatingNetworkId;
        if (network is null)
        {
            ImmutableArray<Network> candidates = await facts.ExternalNetworksAsync(cancellationToken);
            Network? chosen = candidates is [var only] ? only : candidates.FirstOrDefault(n => n.IsDefault);
            if (chosen is null && candidates.Length > 1)
            {
                pass.Refuse($"floating-network-id: there are {candidates.Length} external networks: {string.Join(", ", candidates.Select(n => $"{n.Name} ({n.Id})"))}. Set [LoadBalancer] floating-network-id or the annotation {ServiceAnnotations.FloatingNetworkId} to one of them.");
                return;
            }

            if (chosen is null)
            {
                pass.Warn(ServiceEvents.ExternalNetworkSearchFailed,
                    $"There is no external network that the project can see, so no floating IP can be made. Ask for one, set [LoadBalancer] floating-network-id, or set the annotation {ServiceAnnotations.Internal} to \"true\".");
                return;
            }

            network = chosen.Id;
        }
        else if (await facts.NetworkAsync(network, cancellationToken) is null)
        {
            pass.Refuse($"floating-network-id {network}: there is no such network, or the project does not see it. Correct the annotation {ServiceAnnotations.FloatingNetworkId}, the class, or [LoadBalancer] floating-network-id.");
            return;
        }

        pass.FloatingNetworkId = network;
        if (settings is { LoadBalancerIp: not null, IsVipAddress: false, FloatingSubnetId: null }) return; // The address says which subnet.
        if (settings.FloatingSubnetId is { } subnetId)
        {
            Subnet? subnet = await facts.SubnetAsync(subnetId, cancellationToken);
            if (subnet is null) pass.Refuse($"floating-subnet-id {subnetId}: there is no such subnet, or the project does not see it. Correct it.");
            else if (subnet.NetworkId != network) pass.Refuse($"floating-subnet-id {subnetId}: the subnet belongs to network {subnet.NetworkId}, not to the floating network {network}. Correct one of them.");
            pass.FloatingSubnetIds = [subnetId];
        }
        else if (settings.FloatingSubnets is { } pattern)
        {
            ImmutableArray<Subnet> subnets = await facts.SubnetsOfAsync(network, cancellationToken);
            pass.FloatingSubnetIds = [.. subnets.Where(s => s.IpVersion == 4 && pattern.Matches(s.Name, s.Tags)).Select(s => s.Id)];
            if (pass.FloatingSubnetIds.IsEmpty)
            {
                string there = subnets.IsEmpty ? "no subnet that the project sees" : $"the subnets {string.Join(", ", subnets.Select(s => s.Name))}";
                pass.Refuse($"floating-subnet: no IPv4 subnet of network {network} matches {pattern}; it has {there}. Correct the pattern.");
            }
        }
    }

    private async Task ResolveVipAsync(PlacementPass pass, IReadOnlyList<Node> nodes, CancellationToken cancellationToken)
    {
        LoadBalancerSettings settings = pass.Settings;
        if (pass.Existing is not null || settings.PortId is not null) return;
        if (settings.LoadBalancerId is not null) return;
        pass.VipNetworkId = settings.NetworkId;
        pass.VipSubnetId = settings.SubnetId;
        if (settings.SubnetId is null && settings.NetworkId is null)
        {
            pass.VipSubnetId = await NodeSubnetAsync(settings, nodes, cancellationToken);
            if (pass.VipSubnetId is null)
            {
                string family = settings.IpFamilies.IsEmpty ? "" : $" {settings.IpFamilies[0]}";
                pass.Wait(nodes.Count == 0
                    ? "There are no available nodes for LoadBalancer; the load balancer is made once there is one, or at once if [LoadBalancer] subnet-id is set."
                    : $"No node has a{family} address on a Neutron port of its server, so the load balancer's subnet is not known. Set [LoadBalancer] subnet-id or the annotation {ServiceAnnotations.SubnetId}.");
            }

            return;
        }

        if (settings.NetworkId is { } network && await facts.NetworkAsync(network, cancellationToken) is null)
        {
            pass.Refuse($"network-id {network}: there is no such network, or the project does not see it. Correct the annotation {ServiceAnnotations.NetworkId}, the class, or [LoadBalancer] network-id.");
        }

        if (settings.SubnetId is not { } subnetId)
        {
            // Octavia, left to choose, takes an IPv4 subnet.
            if (settings is { NetworkId: { } wide, IpFamilies: ["IPv6", ..] }) await ResolveIpv6VipAsync(pass, wide, cancellationToken);
            return;
        }

        Subnet? subnet = await facts.SubnetAsync(subnetId, cancellationToken);
        if (subnet is null)
        {
            pass.Refuse($"subnet-id {subnetId}: there is no such subnet, or the project does not see it. Correct the annotation {ServiceAnnotations.SubnetId}, the class, or [LoadBalancer] subnet-id.");
        }
        else if (settings.IpFamilies is [var family, ..] && subnet.IpVersion != (family == "IPv6" ? 6 : 4))
        {
            pass.Refuse($"subnet-id {subnetId}: the subnet is IPv{subnet.IpVersion}, but the Service's first IP family is {family}. Name a subnet of that family, or leave subnet-id out to have it found.");
        }
    }

    private async Task ResolveIpv6VipAsync(PlacementPass pass, string network, CancellationToken cancellationToken)
    {
        pass.VipSubnetId = (await facts.SubnetsOfAsync(network, cancellationToken)).FirstOrDefault(s => s.IpVersion == 6)?.Id;
        if (pass.VipSubnetId is null)
        {
            pass.Refuse($"network-id {network}: the Service's first IP family is IPv6, and the network has no IPv6 subnet that the project sees. Name another network, or a subnet with {ServiceAnnotations.SubnetId}.");
        }
    }

    private async Task ResolveMembersAsync(PlacementPass pass, IReadOnlyList<Node> nodes, CancellationToken cancellationToken)
    {
        LoadBalancerSettings settings = pass.Settings;
        pass.MemberSubnetId = settings.MemberSubnetId ?? pass.VipSubnetId ?? await NodeSubnetAsync(settings, nodes, cancellationToken);
        if (settings.MemberSubnetId is { } given && pass.Existing is null && await facts.SubnetAsync(given, cancellationToken) is null)
        {
            pass.Refuse($"member-subnet-id {given}: there is no such subnet, or the project does not see it. Correct the annotation {ServiceAnnotations.MemberSubnetId}, the class, or [LoadBalancer] member-subnet-id.");
        }

        bool group = options.ManageSecurityGroups || !settings.SourceRanges.IsEmpty;
        if (group && pass.MemberSubnetId is { } id) pass.MemberCidr = (await facts.SubnetAsync(id, cancellationToken))?.Cidr;
    }

    private async Task ResolveSecondFamilyAsync(PlacementPass pass, CancellationToken cancellationToken)
    {
        LoadBalancerSettings settings = pass.Settings;
        if (settings.IpFamilies.Count < 2) return;
        if (pass.Existing is { AdditionalVips: [var present, ..] })
        {
            pass.AdditionalVipSubnetId = present.SubnetId;
            return;
        }

        if (pass.Existing is not null && !settings.RequiresDualStack) return;
        string? why = pass.Provider == Ovn ? "provider ovn has no additional VIPs"
            : !pass.Features.AdditionalVips ? $"this cloud's Octavia API is {pass.Features.Version}, and additional VIPs need 2.26"
            : settings.Ports.Any(p => p.Protocol != "TCP") ? "UDP and SCTP cannot be balanced between IP families"
            : settings.PortId is not null ? "the VIP's port is given" : null;
        if (why is null)
        {
            string? network = pass.Existing?.VipNetworkId ?? settings.NetworkId ?? (pass.VipSubnetId is { } vip ? (await facts.SubnetAsync(vip, cancellationToken))?.NetworkId : null);
            int version = settings.IpFamilies[1] == "IPv6" ? 6 : 4;
            ImmutableArray<Subnet> subnets = network is null ? [] : await facts.SubnetsOfAsync(network, cancellationToken);
            string? second = subnets.FirstOrDefault(s => s.IpVersion == version)?.Id;
            if (pass.Existing is null) pass.AdditionalVipSubnetId = second;
            if (pass.AdditionalVipSubnetId is not null) return;
            why = second is null
                ? $"the load balancer's network has no {settings.IpFamilies[1]} subnet"
                : $"load balancer {pass.Existing!.Id} was made with one address, and Octavia cannot add another (create the Service anew to have both)";
        }

        string message = $"spec.ipFamilyPolicy: the Service gets {settings.IpFamilies[0]} only, as {why}.";
        if (settings.RequiresDualStack) pass.Warn(ServiceEvents.DualStackUnavailable, $"{message} Write SingleStack or PreferDualStack to accept that.");
        else pass.Note(ServiceEvents.DualStackUnavailable, message);
    }

    private async Task<string?> NodeSubnetAsync(LoadBalancerSettings settings, IReadOnlyList<Node> nodes, CancellationToken cancellationToken)
    {
        string? family = settings.IpFamilies.IsEmpty ? null : settings.IpFamilies[0];
        foreach (Node node in nodes.OrderBy(n => n.Metadata.CreationTimestamp).ThenBy(n => n.Metadata.Name, StringComparer.Ordinal).Take(3))
        {
            if (NodeMembers.ServerId(node) is not { } server || NodeMembers.Address(node, family) is not { } address) continue;
            if (await facts.SubnetOfServerAsync(server, address, cancellationToken) is { } subnet) return subnet;
        }

        return null;
    }
}
