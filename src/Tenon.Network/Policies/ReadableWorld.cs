using System.Net;
using Tenon.Core;

namespace Tenon.Network.Policies;

/// <summary>A world whose addresses can all be read: one object with a wrong one must not keep the policies of all others from being carried out.</summary>
internal static class ReadableWorld
{
    /// <summary>Leaves out what is no address, and says of which object it is.</summary>
    public static PolicyWorld Of(PolicyWorld world, List<Problem> problems)
    {
        bool Address(string owner, string text) => IPAddress.TryParse(text, out _) || Say(problems, owner, text, "is no IP address");
        return world with
        {
            NodeAddresses = [.. world.NodeAddresses.Where(a => Address("Node: status.addresses", a))],
            Services = [.. world.Services.Select(s => s with
            {
                VirtualIps = [.. s.VirtualIps.Where(a => Address($"Service {s.Name}: spec.clusterIPs", a))],
                Endpoints = [.. s.Endpoints.Where(e => Address($"EndpointSlice of Service {s.Name}: endpoints.addresses", e.Address))],
            }).Select(s => Ranged(s, problems))],
        };
    }

    /// <summary>No range at all would mean everywhere: a Service none of whose ranges can be read lets nobody in from outside.</summary>
    private static PolicyService Ranged(PolicyService service, List<Problem> problems)
    {
        EquatableArray<string> ranges = [.. service.SourceRanges.Where(r => IsRange(r) || Say(problems, $"Service {service.Name}: spec.loadBalancerSourceRanges", r, "is no CIDR"))];
        return ranges == service.SourceRanges ? service : service with { SourceRanges = ranges, External = service.External && !ranges.IsEmpty };
    }

    private static bool IsRange(string text)
    {
        try
        {
            AddressRanges.Parse(text);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool Say(List<Problem> problems, string owner, string text, string what)
    {
        problems.Add(Problem.Warning(owner, text, $"{what}: policies go on without it", "Correct it."));
        return false;
    }
}
