using System.Text.Json.Nodes;

namespace Tenon.Conformance.Tests.Support;

/// <summary>What one case makes in a cloud: names of its own, and every thing that it made is deleted, the last first, when the case ends.</summary>
public sealed class Scratch : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Stack<(Wire Owner, string Service, string Path)> _made = new();
    private readonly CloudSide _side;

    internal Scratch(CloudSide side) => _side = side;

    /// <summary>The beginning of every name of this case.</summary>
    public string Name { get; } = $"cf-{Guid.NewGuid().ToString("N")[..10]}";

    /// <summary>A name of this case.</summary>
    public string NameOf(string what) => $"{Name}-{what}";

    /// <summary>
    /// POSTs a body of one wrapped object (<c>{"port": {…}}</c>), demands success (200, 201 or 202) and returns the answer; the thing is deleted with the case.
    /// </summary>
    /// <param name="service">The service type.</param>
    /// <param name="path">The collection, such as <c>/v2.0/ports</c>.</param>
    /// <param name="body">The body.</param>
    /// <param name="admin">Whether the administrator makes it.</param>
    /// <param name="headers">More headers, as NAME: VALUE.</param>
    public async Task<Answer> MakeAsync(string service, string path, object body, bool admin = false, params string[] headers)
    {
        Wire owner = admin ? _side.Admin : _side.Member;
        Answer answer = await owner.PostAsync(service, path, body, headers);
        answer.Status.ShouldBeOneOf([200, 201, 202], $"{answer.Request}: {answer.Text}");
        JsonNode? made = answer.Json!.AsObject().Single().Value;
        foreach (JsonNode? one in made is JsonArray many ? [.. many] : new[] { made }) Forget(service, $"{path}/{one!["id"]}", admin);
        return answer;
    }

    /// <summary>Has a thing deleted with the case; one that is gone by then is no error.</summary>
    public void Forget(string service, string path, bool admin = false) => _made.Push((admin ? _side.Admin : _side.Member, service, path));

    /// <summary>Reads again and again until the answer is accepted; the error tells the last one.</summary>
    public static async Task<Answer> UntilAsync(Func<Task<Answer>> read, Func<Answer, bool> enough, string what)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Answer answer = await read();
            if (enough(answer)) return answer;
            if (TimeProvider.System.GetElapsedTime(began) > Patience) throw new TimeoutException($"still not {what}: {answer.Text}");
            await Task.Delay(Look, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var left = new List<string>();
        while (_made.TryPop(out (Wire Owner, string Service, string Path) thing))
        {
            // A thing that is still being worked on, or that another one of this case still uses for a moment, answers 409.
            Answer answer = await UntilAsync(
                () => thing.Owner.DeleteAsync(thing.Service, thing.Path),
                a => a.Status != 409,
                $"deletable: {thing.Path}");
            if (answer.Status is not (200 or 202 or 204 or 404)) left.Add($"{answer.Request}: {answer.Status} {answer.Text}");
        }

        left.ShouldBeEmpty();
    }
}
