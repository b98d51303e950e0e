using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Informers;

/// <summary>
/// A local copy of the objects of one type, kept up to date by a list and a watch. Readers never wait and never call the server.
/// </summary>
/// <typeparam name="T">The objects' type.</typeparam>
public sealed class Informer<T> : IInformer, ILister<T>
    where T : class, IKubernetesObject
{
    /// <summary>Stores what is given; the work begins in <see cref="RunAsync"/>.</summary>
    public Informer(KubernetesClient client, InformerOptions<T>? options = null, TimeProvider? time = null, ILogger<Informer<T>>? logger = null)
    {
    }

    /// <inheritdoc/>
    public ResourceType Resource => T.Resource;

    /// <inheritdoc/>
    public bool HasSynced => throw new NotImplementedException();

    /// <inheritdoc/>
    public DateTimeOffset? LastContact => throw new NotImplementedException();

    /// <inheritdoc/>
    public string? Problem => throw new NotImplementedException();

    /// <summary>
    /// Calls a handler for every change, in order, one at a time. What is in the cache already is told as additions first. The handler must be
    /// quick (put a key into a queue); what it throws is logged and counted.
    /// </summary>
    public void Subscribe(Action<InformerChange<T>> handler) => throw new NotImplementedException();

    /// <inheritdoc/>
    public IReadOnlyCollection<T> List() => throw new NotImplementedException();

    /// <inheritdoc/>
    public T? Get(NamespacedName key) => throw new NotImplementedException();

    /// <inheritdoc/>
    public IReadOnlyCollection<T> Find(string index, string value) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
