using Tenon.Core;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>The section <c>[Networking]</c> of cloud.conf: which of a server's addresses become a node's, and in which order.</summary>
public sealed record NetworkingOptions
{
    /// <summary>Whether IPv6 addresses are left out.</summary>
    public bool Ipv6SupportDisabled { get; init; }

    /// <summary>Names of networks whose addresses are external.</summary>
    public EquatableArray<string> PublicNetworkNames { get; init; }

    /// <summary>Names of networks whose addresses are internal; when there is any, other networks' fixed addresses are left out.</summary>
    public EquatableArray<string> InternalNetworkNames { get; init; }

    /// <summary>The prefixes whose addresses come first, the most wanted first; other addresses keep their order behind them.</summary>
    public EquatableArray<AddressPrefix> AddressSortOrder { get; init; }

    /// <summary>What the section may hold.</summary>
    public static SectionDefinition Definition { get; } = new("Networking", HasSubsections: false,
    [
        new("ipv6-support-disabled", OptionKind.Flag, "false"),
        new("public-network-name", OptionKind.List),
        new("internal-network-name", OptionKind.List),
        new("address-sort-order", OptionKind.Text),
    ]);

    /// <summary>Reads the section, gathering problems.</summary>
    public static NetworkingOptions Read(OptionReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = new NetworkingOptions
        {
            Ipv6SupportDisabled = reader.Flag("ipv6-support-disabled", otherwise: false),
            PublicNetworkNames = reader.List("public-network-name"),
            InternalNetworkNames = reader.List("internal-network-name"),
            AddressSortOrder = ReadSortOrder(reader),
        };
        foreach (string both in options.PublicNetworkNames.Intersect(options.InternalNetworkNames))
        {
            reader.Warn("internal-network-name", both, "the network is also a public-network-name, which wins, so its addresses are external",
                "Keep it in one of the two.");
        }

        return options;
    }

    private static EquatableArray<AddressPrefix> ReadSortOrder(OptionReader reader)
    {
        var prefixes = new List<AddressPrefix>();
        foreach (string item in (reader.Text("address-sort-order") ?? "").Split([',', ' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!AddressPrefix.TryParse(item, out AddressPrefix prefix))
                reader.Warn("address-sort-order", item, "it is not a prefix, so it sorts nothing", "Write prefixes such as 10.0.0.0/8, separated by commas.");
            else if (prefixes.Contains(prefix))
                reader.Warn("address-sort-order", item, "the prefix is given twice", "Keep the first one.");
            else
                prefixes.Add(prefix);
        }

        return prefixes.ToEquatableArray();
    }
}
