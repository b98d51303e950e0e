using Tenon.Core;

namespace Tenon.Network;

/// <summary>
/// How what a cluster has in Neutron is told from the rest: by its description, which Neutron stores with the create and filters by, so that marking
/// costs no call.
/// </summary>
public static class NetworkMarks
{
    private const int NeutronLimit = 255;

    /// <summary>The description of every port and security group of a cluster.</summary>
    public static string Cluster(string cluster) => BoundedName.Fit($"tenon network of {cluster}", NeutronLimit);

    /// <summary>The description of a virtual network's network and subnets.</summary>
    public static string Network(string cluster, NamespacedName network) => BoundedName.Fit($"tenon network of {cluster}: {network}", NeutronLimit);

    /// <summary>The name that people read in the cloud.</summary>
    public static string Title(string cluster, NamespacedName network) => BoundedName.Fit($"{cluster}/{network}", NeutronLimit);
}
