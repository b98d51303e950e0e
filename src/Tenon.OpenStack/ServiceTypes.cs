using System.Collections.Frozen;

namespace Tenon.OpenStack;

/// <summary>The official service types that we call, with the names under which catalogs list them (service-types-authority).</summary>
public static class ServiceTypes
{
    /// <summary>Keystone.</summary>
    public const string Identity = "identity";

    /// <summary>Nova.</summary>
    public const string Compute = "compute";

    /// <summary>Neutron.</summary>
    public const string Network = "network";

    /// <summary>Octavia.</summary>
    public const string LoadBalancer = "load-balancer";

    /// <summary>Cinder.</summary>
    public const string BlockStorage = "block-storage";

    /// <summary>Glance.</summary>
    public const string Image = "image";

    /// <summary>Barbican.</summary>
    public const string KeyManager = "key-manager";

    private static readonly FrozenDictionary<string, string[]> AliasesByType = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [Compute] = ["computev21", "compute_legacy"],
        [LoadBalancer] = ["octavia"],
        [BlockStorage] = ["volumev3", "volumev2", "volume", "block-store"],
        [KeyManager] = ["keystore"],
        [Identity] = ["identityv3"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The type itself and its aliases, the preferred first.</summary>
    public static IReadOnlyList<string> NamesOf(string serviceType)
        => AliasesByType.TryGetValue(serviceType, out string[]? aliases) ? [serviceType, .. aliases] : [serviceType];
}
