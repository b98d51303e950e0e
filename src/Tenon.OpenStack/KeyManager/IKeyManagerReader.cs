namespace Tenon.OpenStack.KeyManager;

/// <summary>Whether certificates that listeners refer to are there. Their content is never read.</summary>
public interface IKeyManagerReader
{
    /// <summary>
    /// Whether a Barbican secret or container exists and is active. Takes what Octavia takes: a full reference
    /// (<c>https://…/v1/secrets/ID</c>, <c>https://…/v1/containers/ID</c>).
    /// </summary>
    /// <exception cref="FormatException">The reference is neither of a secret nor of a container.</exception>
    Task<bool> ExistsAsync(string reference, CancellationToken cancellationToken);
}
