using System.Security.Cryptography;
using System.Text;

namespace Tenon.Core;

/// <summary>Names that must fit a service's limit without two of them becoming one.</summary>
public static class BoundedName
{
    private const int HashLength = 10;

    /// <summary>
    /// The name itself when it fits; otherwise its beginning and a hash of the whole, so that names that differ only
    /// beyond the limit stay different.
    /// </summary>
    /// <param name="name">The wanted name.</param>
    /// <param name="maxLength">The service's limit in characters, at least 12.</param>
    public static string Fit(string name, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, HashLength + 2);
        if (name.Length <= maxLength) return name;
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashLength];
        return $"{name[..(maxLength - HashLength - 1)]}-{hash}";
    }
}
