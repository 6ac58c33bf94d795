

self.thrower = () => {
  const place = location.href, t = top; throw new Error(place + t);
};
