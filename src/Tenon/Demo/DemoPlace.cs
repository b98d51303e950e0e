using System.Net;
using Tenon.CommandLine;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Images;
using Tenon.OpenStack.Networking;

namespace Tenon.Demo;

/// <summary>What a cloud has that a demonstration can be made of.</summary>
internal sealed record DemoChoices
{
    /// <summary>The networks that the project sees.</summary>
    public required IReadOnlyList<OpenStack.Networking.Network> Networks { get; init; }

    /// <summary>The routers' ports on networks.</summary>
    public required IReadOnlyList<Port> RouterPorts { get; init; }

    /// <summary>The routers.</summary>
    public required IReadOnlyList<Router> Routers { get; init; }

    /// <summary>The flavors.</summary>
    public required IReadOnlyList<ServerFlavor> Flavors { get; init; }

    /// <summary>The images.</summary>
    public required IReadOnlyList<Image> Images { get; init; }

    /// <summary>The zones.</summary>
    public required IReadOnlyList<ComputeZone> Zones { get; init; }
}

/// <summary>Where a demonstration's servers are made, and what of.</summary>
/// <param name="Network">The network, on one router to the outside.</param>
/// <param name="Router">That router.</param>
/// <param name="Flavor">The smallest that there is, unless one is named.</param>
/// <param name="Image">What they boot.</param>
/// <param name="Zones">The zones, over which they are spread in turn.</param>
internal sealed record DemoPlace(OpenStack.Networking.Network Network, Router Router, ServerFlavor Flavor, Image Image, IReadOnlyList<string> Zones)
{
    /// <summary>Chooses where the choice is unambiguous.</summary>
    /// <param name="seen">What there is.</param>
    /// <param name="network">The name or ID of the network to take.</param>
    /// <param name="image">The name or ID of the image to take.</param>
    /// <param name="podNetwork">The range that must not be routed yet.</param>
    /// <exception cref="CommandException">There is none, or several; the message names the option that decides.</exception>
    public static DemoPlace Choose(DemoChoices seen, string? network, string? image, IPNetwork podNetwork)
    {
        List<Router> outward = [.. seen.Routers.Where(r => r.Gateway is not null)];
        List<(OpenStack.Networking.Network Network, Router Router)> routed =
        [
            .. from n in seen.Networks
               where !n.External
               from p in seen.RouterPorts
               where p.NetworkId == n.Id
               from r in outward
               where r.Id == p.DeviceId
               select (n, r),
        ];
        (OpenStack.Networking.Network Network, Router Router) place = One(
            routed.DistinctBy(r => r.Network.Id).ToList(), network, r => (r.Network.Id, r.Network.Name), "a network on a router with a gateway", "--network");
        if (place.Router.Routes.Any(r => Overlap(r.Destination, podNetwork)))
            throw new CommandException(ExitCode.Usage, $"router {place.Router.Name} has routes within {podNetwork} already: this network belongs to a cluster. Choose another one with --network.");
        return new DemoPlace(
            place.Network,
            place.Router,
            seen.Flavors.OrderBy(f => f.RamMiB).ThenBy(f => f.Vcpus).ThenBy(f => f.DiskGiB).FirstOrDefault()
                ?? throw new CommandException(ExitCode.Failure, "the project may use no flavor"),
            One(seen.Images, image, i => (i.Id, i.Name), "an image", "--image"),
            [.. seen.Zones.Where(z => z.Available).Select(z => z.Name).Order(StringComparer.Ordinal)]);
    }

    private static T One<T>(IReadOnlyList<T> candidates, string? wanted, Func<T, (string Id, string Name)> of, string what, string option)
    {
        List<T> fit = [.. candidates.Where(c => wanted is null || of(c).Id == wanted || of(c).Name == wanted)];
        if (fit.Count == 1) return fit[0];
        string names = string.Join(", ", candidates.Select(c => of(c).Name).Order(StringComparer.Ordinal));
        throw new CommandException(ExitCode.Usage, (fit.Count, wanted) switch
        {
            (0, null) => $"the demonstration needs {what}, and the project has none",
            (0, _) => $"{option} {wanted}: there is no such one. There are: {(names.Length == 0 ? "none" : names)}.",
            _ => $"there are {fit.Count} to choose {what} from: {names}. Name one with {option}.",
        });
    }

    private static bool Overlap(string range, IPNetwork other)
        => IPNetwork.TryParse(range, out IPNetwork parsed) && (parsed.Contains(other.BaseAddress) || other.Contains(parsed.BaseAddress));
}
